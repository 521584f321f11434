import { Module } from '@nestjs/common';
import { ClientAuthenticationModule } from '../../clients/authentication/client-authentication.module.js';
import { FactorsModule } from '../../users/factors/factors.module.js';
import { KeysModule } from '../../keys/keys.module.js';
import { DiscoveryController } from './discovery.controller.js';

/**
 * Owns: the metadata documents and the JWKS. Endpoints: /.well-known/*
 * Invariant: nothing is listed by hand: the metadata is derived from what the code registers.
 */
@Module({ imports: [KeysModule, ClientAuthenticationModule, FactorsModule], controllers: [DiscoveryController] })
export class DiscoveryModule {}
