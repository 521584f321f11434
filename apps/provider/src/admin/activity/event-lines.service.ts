import { Inject, Injectable } from '@nestjs/common';
import { commandLineUser, isCommandLineActor } from '../../audit/command-line-actor.js';
import type { LoggedEvent } from '../../audit/audit-log.service.js';
import type { ChangedMember } from '../../audit/changed-members.js';
import { ClientsService } from '../../clients/clients.service.js';
import { UsersService } from '../../users/users.service.js';

/** An event as shown on a page: ids with their current names. */
export interface EventLine {
  readonly at: number;
  readonly type: string;
  readonly words: string;
  readonly actor: { readonly id: string; readonly name: string | undefined } | undefined;
  readonly subject: { readonly id: string; readonly name: string | undefined } | undefined;
  readonly client: { readonly id: string; readonly name: string | undefined } | undefined;
  readonly address: string | null;
  readonly requestId: string | null;
  readonly details: readonly { readonly name: string; readonly value: string }[];
}

/** Adds the names of users and clients to events. */
@Injectable()
export class EventLines {
  constructor(
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(ClientsService) private readonly clients: ClientsService,
  ) {}

  async of(events: readonly LoggedEvent[]): Promise<EventLine[]> {
    const people = events
      .flatMap(({ actorId, subjectId }) => [actorId, subjectId])
      .filter((id) => id !== null)
      .filter((id) => !isCommandLineActor(id));
    const names = await this.users.names(people);
    const clients = await this.clients.names(events.map(({ clientId }) => clientId).filter((id) => id !== null));
    const named = (id: string | null, from: ReadonlyMap<string, string>): EventLine['actor'] =>
      id === null ? undefined : { id, name: from.get(id) };
    return events.map((event) => ({
      at: event.at,
      type: event.type,
      words: event.type.replace(/[._]/g, ' '),
      actor:
        event.actorId !== null && isCommandLineActor(event.actorId)
          ? { id: event.actorId, name: `Command line (${commandLineUser(event.actorId)})` }
          : named(event.actorId, names),
      subject: named(event.subjectId, names),
      client: named(event.clientId, clients),
      address: event.address,
      requestId: event.requestId,
      details: [
        ...Object.entries(event.details).map(([name, value]) => ({ name, value: String(value) })),
        ...Object.entries(event.changes).map(([name, change]) => ({ name, value: changeText(change) })),
      ],
    }));
  }
}

function changeText(change: ChangedMember | 'changed'): string {
  return change === 'changed' ? 'changed' : `${valueText(change.before)} → ${valueText(change.after)}`;
}

function valueText(value: unknown): string {
  if (value === null || value === undefined) return '–';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
