import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SessionsModule } from '../users/sessions/sessions.module.js';
import { UsersModule } from '../users/users.module.js';
import { CreateResource } from './operations/create-resource.js';
import { DeleteResource } from './operations/delete-resource.js';
import { UpdateResource } from './operations/update-resource.js';
import { ResourceEntity } from './resource.entity.js';
import { ResourcesController } from './resources.controller.js';
import { ResourcesService } from './resources.service.js';

/**
 * Owns: APIs (resources of access tokens) and their scopes. Pages: /resource.
 * Invariant: identifiers are unique; every process sees a change within a second.
 * Must not know: clients, grants, tokens. The client whose credentials an API uses for introspection is only an id here.
 */
@Module({
  imports: [TypeOrmModule.forFeature([ResourceEntity]), UsersModule, SessionsModule],
  controllers: [ResourcesController],
  providers: [CreateResource, UpdateResource, DeleteResource, ResourcesService],
  exports: [CreateResource, ResourcesService],
})
export class ResourcesModule {}
