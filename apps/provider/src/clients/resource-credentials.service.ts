import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import type { Client, Resource } from '@gatehouse/domain/oauth';
import type { Unit } from '@gatehouse/server/database/store';
import type { Actor } from '../audit/audit.service.js';
import { ResourcesService } from '../resources/resources.service.js';
import { ClientsService } from './clients.service.js';

/** Gives an API a client of its own, by whose credentials it asks about tokens (RFC 7662 2.1). */
@Injectable()
export class ResourceCredentials {
  constructor(
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(ResourcesService) private readonly resources: ResourcesService,
  ) {}

  /** @returns the client and its secret, which is in no other answer; undefined when the API was removed meanwhile */
  async create(
    unit: Unit,
    resource: Resource,
    actor: Actor,
    now: EpochSeconds,
  ): Promise<{ readonly client: Client; readonly secret: string } | undefined> {
    const made = await this.clients.create(
      unit,
      {
        name: resource.name,
        type: 'confidential',
        authMethod: 'client_secret_basic',
        redirectUris: [],
        postLogoutRedirectUris: [],
        grantTypes: [],
        scope: [],
        resourceServer: true,
      },
      actor,
      now,
    );
    if ('problems' in made || made.secret === undefined)
      throw new Error('the credentials of an API are a client like any other');
    if (!(await this.resources.bindClient(unit, resource.id, made.client.id, actor))) return undefined;
    return { client: made.client, secret: made.secret };
  }
}
