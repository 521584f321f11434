import { Module } from '@nestjs/common';
import { ProvidersModule } from '../providers/providers.module.js';
import { SessionModule } from '../session/session.module.js';
import { LogoutAddress } from './logout-address.service.js';
import { LogoutController } from './logout.controller.js';

/**
 * Owns: the end of a login, here or here and at the provider.
 * Endpoint: GET and POST /logout.
 * Invariant: only a form of ours logs anybody out; the session here is over before the browser goes to the provider.
 */
@Module({ imports: [SessionModule, ProvidersModule], controllers: [LogoutController], providers: [LogoutAddress] })
export class LogoutModule {}
