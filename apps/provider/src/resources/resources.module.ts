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
 * Owns: APIs that access tokens are for, and their scopes. Pages: /resource.
 * Invariant: an identifier names one API; a change is seen by every process within a second.
 * Must not know: clients, grants, tokens. The client by which an API asks about tokens is an id here, no more.
 */
@Module({
  imports: [TypeOrmModule.forFeature([ResourceEntity]), UsersModule, SessionsModule],
  controllers: [ResourcesController],
  providers: [CreateResource, UpdateResource, DeleteResource, ResourcesService],
  exports: [CreateResource, ResourcesService],
})
export class ResourcesModule {}
