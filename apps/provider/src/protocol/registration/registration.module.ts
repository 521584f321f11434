import { Module } from '@nestjs/common';
import { ClientsModule } from '../../clients/clients.module.js';
import { ResourcesModule } from '../../resources/resources.module.js';
import { ProtocolModule } from '../protocol.module.js';
import { RegistrationController } from './registration.controller.js';

/**
 * Owns: the endpoints of dynamic registration, /oauth/register and below.
 * Invariant: what was registered here nobody approved, unless by the token that it was registered with.
 * Must not know: how clients are stored.
 */
@Module({
  imports: [ProtocolModule, ClientsModule, ResourcesModule],
  controllers: [RegistrationController],
})
export class RegistrationModule {}
