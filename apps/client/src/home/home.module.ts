import { Module } from '@nestjs/common';
import { ProvidersModule } from '../providers/providers.module.js';
import { SessionModule } from '../session/session.module.js';
import { HomeController } from './home.controller.js';

/**
 * Owns: the home page and its actions: refreshing tokens and calling the API.
 * Endpoints: GET /, POST /call-api, POST /refresh, GET /healthz.
 * Invariant: token values never reach a page; tokens are sent only to the issuer that issued them.
 */
@Module({ imports: [SessionModule, ProvidersModule], controllers: [HomeController] })
export class HomeModule {}
