import { Inject, Injectable } from '@nestjs/common';
import type { Client } from '@gatehouse/domain/oauth';
import { text } from '../i18n/message.js';
import { ClientStates } from './client-states.service.js';
import { ClientUsage } from './client-usage.js';

/** What an administrator needs to review dynamically registered clients. */
@Injectable()
export class ClientReviews {
  constructor(
    @Inject(ClientStates) private readonly states: ClientStates,
    @Inject(ClientUsage) private readonly usage: ClientUsage,
  ) {}

  /** @param rows of the same clients, in the same order */
  async rows(clients: readonly Client[], rows: readonly object[]): Promise<object[]> {
    const ids = clients.map(({ id }) => id);
    const origins = await this.states.originsOf(ids);
    const people = await this.usage.countPeople(ids);
    return clients.map((client, at) => {
      const origin = origins.get(client.id);
      return {
        ...rows[at],
        source:
          client.source === 'metadata_document' ? text('clients.source.document') : text('clients.source.registration'),
        registeredAddress: origin?.registeredAddress,
        goesAt: origin?.goesAt,
        people: people.get(client.id) ?? 0,
      };
    });
  }
}
