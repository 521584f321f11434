import { Module } from '@nestjs/common';
import { ClientsModule } from '../../clients/clients.module.js';
import { ResourcesModule } from '../../resources/resources.module.js';
import { ProtocolModule } from '../protocol.module.js';
import { RegistrationController } from './registration.controller.js';

/**
 * Owns: the endpoints of dynamic registration, /oauth/register and below.
 * Invariant: a client that registers itself is unapproved, unless its initial access token approves it.
 * Must not know: how clients are stored.
 */
@Module({
  imports: [ProtocolModule, ClientsModule, ResourcesModule],
  controllers: [RegistrationController],
})
export class RegistrationModule {}
