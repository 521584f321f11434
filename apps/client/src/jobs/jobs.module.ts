import { Module } from '@nestjs/common';
import { LogoutModule } from '../logout/logout.module.js';
import { LoginModule } from '../login/login.module.js';
import { ProvidersModule } from '../providers/providers.module.js';
import { SessionModule } from '../session/session.module.js';
import { PurgeService } from './purge.service.js';

/** Owns: purging expired rows. No module imports it. */
@Module({ imports: [LoginModule, LogoutModule, ProvidersModule, SessionModule], providers: [PurgeService] })
export class JobsModule {}
