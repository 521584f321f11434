import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { AccountModule } from './account/account.module.js';
import { AdminModule } from './admin/admin.module.js';
import { ApiModule } from './api/v1/api.module.js';
import { AuthorizationModule } from './protocol/authorization/authorization.module.js';
import {
  ApplicationDependenciesModule,
  type ApplicationDependencies,
} from './server/application-dependencies.module.js';
import { HealthModule } from './diagnostics/health.module.js';
import { DevelopmentModule } from './development/development.module.js';
import { DiscoveryModule } from './protocol/discovery/discovery.module.js';
import { WebModule } from './web/web.module.js';
import { PageErrorFilter } from './web/page-error.filter.js';
import { SignInModule } from './sign-in/sign-in.module.js';
import { IntrospectionModule } from './protocol/introspection/introspection.module.js';
import { RevocationModule } from './protocol/revocation/revocation.module.js';
import { LogoutModule } from './protocol/logout/logout.module.js';
import { JobsModule } from './jobs/jobs.module.js';
import { RegistrationModule } from './protocol/registration/registration.module.js';
import { TokenModule } from './protocol/token/token.module.js';
import { UserinfoModule } from './protocol/userinfo/userinfo.module.js';

/** The provider, put together. */
@Module({})
export class AppModule {
  static of(core: ApplicationDependencies, { development = false } = {}): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ApplicationDependenciesModule.of(core),
        AuthorizationModule,
        SignInModule,
        TokenModule,
        IntrospectionModule,
        RevocationModule,
        RegistrationModule,
        UserinfoModule,
        LogoutModule,
        AccountModule,
        AdminModule,
        ApiModule,
        DiscoveryModule,
        HealthModule,
        JobsModule,
        WebModule,
        ...(development ? [DevelopmentModule] : []),
      ],
      providers: [{ provide: APP_FILTER, useClass: PageErrorFilter }],
    };
  }
}
