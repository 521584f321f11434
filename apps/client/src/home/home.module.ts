import { Module } from '@nestjs/common';
import { ProvidersModule } from '../providers/providers.module.js';
import { SessionModule } from '../session/session.module.js';
import { HomeController } from './home.controller.js';

/**
 * Owns: the home page, and its buttons: refreshing, and the call of the API.
 * Endpoints: GET /, POST /call-api, POST /refresh, GET /healthz.
 * Invariant: no token's value reaches a page; tokens go to the issuer that gave them and nowhere else.
 */
@Module({ imports: [SessionModule, ProvidersModule], controllers: [HomeController] })
export class HomeModule {}
