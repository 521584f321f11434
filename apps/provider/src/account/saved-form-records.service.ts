import { Inject, Injectable } from '@nestjs/common';
import { parseSelector } from '@gatehouse/domain/kernel';
import { redirectPlaces, type Client } from '@gatehouse/domain/oauth';
import { FailedRequests } from '../audit/failed-requests.service.js';
import { ClientsService } from '../clients/clients.service.js';
import { ResourcesService } from '../resources/resources.service.js';
import { TrustedIssuers } from '../trusted-issuers/trusted-issuers.service.js';
import { UsersService } from '../users/users.service.js';
import type { RecordKind, SavedFormDescription } from './saved-form-description.js';

const maxIdCharacters = 200;
const maxRedirectUris = 10;

/** A record's name, and details that it cannot choose itself. */
interface NamedRecord {
  readonly name: string;
  readonly details?: readonly string[];
}

/** Finds the records that a saved form would change, so that its page names them. */
@Injectable()
export class SavedFormRecords {
  constructor(
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(ResourcesService) private readonly resources: ResourcesService,
    @Inject(TrustedIssuers) private readonly issuers: TrustedIssuers,
    @Inject(FailedRequests) private readonly failedRequests: FailedRequests,
  ) {}

  /** The record that the form changes, if the form has checkboxes to compare. */
  async find({ kind, ids: [id = ''], expected }: SavedFormDescription): Promise<object | undefined> {
    if (!expected.some((field) => field.kind === 'switch') || id.length > maxIdCharacters) return undefined;
    if (kind === 'client') return this.clients.findFresh(id);
    return kind === 'user' ? this.users.find(id) : undefined;
  }

  /** The name of a record; its id if it no longer exists. */
  async nameOf(kind: RecordKind, id: string): Promise<NamedRecord> {
    if (id.length > maxIdCharacters) return { name: `${id.slice(0, maxIdCharacters)}…` };
    return (await this.findName(kind, id)) ?? { name: id };
  }

  private async findName(kind: RecordKind, id: string): Promise<NamedRecord | undefined> {
    switch (kind) {
      case 'user': {
        const user = await this.users.find(id);
        return user && { name: user.username };
      }
      case 'client':
        return named(await this.clients.findFresh(id));
      case 'resource': {
        const resource = await this.resources.findFresh(id);
        return resource && { name: resource.name, details: [resource.identifier] };
      }
      case 'issuer': {
        const trusted = await this.issuers.findFresh(id);
        return trusted && { name: trusted.name, details: [trusted.issuer] };
      }
      case 'failed request': {
        const selector = parseSelector(id);
        const clientId = selector === undefined ? undefined : (await this.failedRequests.find(selector))?.clientId;
        return clientId === undefined ? undefined : named(await this.clients.findFresh(clientId));
      }
    }
  }
}

/**
 * A client chooses its name itself: the id and the redirect URIs distinguish it from another client of the same name.
 */
function named(client: Client | undefined): NamedRecord | undefined {
  if (!client) return undefined;
  const redirectUris = redirectPlaces(client);
  const more = redirectUris.length > maxRedirectUris ? [`+ ${redirectUris.length - maxRedirectUris}`] : [];
  return { name: client.name, details: [`client_id ${client.id}`, ...redirectUris.slice(0, maxRedirectUris), ...more] };
}
