import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { AccountModule } from './account/account.module.js';
import { AdminModule } from './admin/admin.module.js';
import { AuthorizationModule } from './authorization/authorization.module.js';
import { CoreModule, type Core } from './core/core.module.js';
import { DiscoveryModule } from './discovery/discovery.module.js';
import { PageErrorFilter } from './http/page-error.filter.js';
import { InteractionModule } from './interaction/interaction.module.js';
import { LogoutModule } from './logout/logout.module.js';
import { OpsModule } from './ops/ops.module.js';
import { RegistrationModule } from './protocol/registration/registration.module.js';
import { TokenModule } from './token/token.module.js';
import { UserinfoModule } from './userinfo/userinfo.module.js';

/** The provider, put together. */
@Module({})
export class AppModule {
  static of(core: Core): DynamicModule {
    return {
      module: AppModule,
      imports: [
        CoreModule.of(core),
        AuthorizationModule,
        InteractionModule,
        TokenModule,
        RegistrationModule,
        UserinfoModule,
        LogoutModule,
        AccountModule,
        AdminModule,
        DiscoveryModule,
        OpsModule,
      ],
      providers: [{ provide: APP_FILTER, useClass: PageErrorFilter }],
    };
  }
}
