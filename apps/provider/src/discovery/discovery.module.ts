import { Module } from '@nestjs/common';
import { ClientsModule } from '../clients/clients.module.js';
import { FactorsModule } from '../factors/factors.module.js';
import { KeysModule } from '../keys/keys.module.js';
import { DiscoveryController } from './discovery.controller.js';

/**
 * Owns: the metadata documents and the JWKS. Endpoints: /.well-known/*
 * Invariant: nothing is typed by hand: what is offered is read from where it is registered.
 */
@Module({ imports: [KeysModule, ClientsModule, FactorsModule], controllers: [DiscoveryController] })
export class DiscoveryModule {}
