import { Inject, Injectable } from '@nestjs/common';
import { isCommandLineActor } from '../../audit/command-line-actor.js';
import type { LoggedEvent } from '../../audit/audit-log.service.js';
import type { ChangedMember } from '../../audit/changed-members.js';
import { ClientsService } from '../../clients/clients.service.js';
import { text, type Message, type Text } from '../../i18n/message.js';
import { routes } from '../../web/routes.js';
import { UsersService } from '../../users/users.service.js';
import { eventIcon, type EventIcon } from './event-icons.js';
import { actorName, eventSentence, type EventNames, type EventSentence } from './event-sentence.js';

const daySeconds = 86_400;

/** A row of the details of an event: the model of `ui/facts`. */
interface EventFact {
  readonly label?: Message;
  /** Instead of a label: a member of the event as the API names it. */
  readonly key?: string;
  readonly value?: Message;
  readonly href?: string;
  readonly code?: string;
  readonly copy?: string;
}

/** An event of a feed: the model of `ui/feed`. */
export interface EventLine extends EventIcon {
  readonly id: string;
  readonly sentence: EventSentence;
  readonly source: string | undefined;
  readonly at: number;
  readonly details: readonly EventFact[];
}

/** The events of one day (UTC). */
export interface EventDay {
  readonly day: Text;
  readonly events: readonly EventLine[];
}

/** Shows events as sentences, with the names of people and applications. */
@Injectable()
export class EventLines {
  constructor(
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(ClientsService) private readonly clients: ClientsService,
  ) {}

  async of(events: readonly LoggedEvent[]): Promise<EventLine[]> {
    const people = events
      .flatMap(({ actorId, subjectId, details }) => [actorId, subjectId, details['user']])
      .filter((id) => typeof id === 'string')
      .filter((id) => !isCommandLineActor(id));
    const applications = events.flatMap(({ clientId, details }) => [clientId, details['via_client']]);
    const names = {
      people: await this.users.names(people),
      clients: await this.clients.names(applications.filter((id) => typeof id === 'string')),
    };
    return events.map((event) => ({
      id: `event-${event.selector}`,
      ...eventIcon(event.type),
      sentence: eventSentence(event, names),
      source: event.address ?? undefined,
      at: event.at,
      details: factsOf(event, names),
    }));
  }

  /** @param now epoch seconds */
  async byDay(events: readonly LoggedEvent[], now: number): Promise<EventDay[]> {
    const days = new Map<number, EventLine[]>();
    for (const line of await this.of(events)) {
      const day = Math.floor(line.at / daySeconds);
      days.set(day, [...(days.get(day) ?? []), line]);
    }
    const today = Math.floor(now / daySeconds);
    return [...days].map(([day, lines]) => ({ day: dayText(day, today), events: lines }));
  }
}

function dayText(day: number, today: number): Text {
  const at = day * daySeconds * 1000;
  if (day === today) return text('audit.today', { at });
  return text(day === today - 1 ? 'audit.yesterday' : 'audit.day', { at });
}

/** Links and exact values; the sentence itself has none, because it opens the details. */
function factsOf(event: LoggedEvent, names: EventNames): EventFact[] {
  const { actorId, subjectId, clientId, details } = event;
  const { via_client: via, ...others } = details;
  const facts: (EventFact | undefined)[] = [
    { label: text('audit.detail.event'), code: event.type },
    { label: text('audit.detail.time'), value: exactTime(event.at) },
    actorId === null
      ? undefined
      : { label: text('audit.detail.by'), value: actorName(event, names), href: auditOf('user', actorId) },
    typeof via === 'string'
      ? { label: text('audit.detail.via'), value: names.clients.get(via) ?? via, href: auditOf('client', via) }
      : undefined,
    subjectId === null || subjectId === actorId ? undefined : subjectFact(subjectId, names),
    clientId === null
      ? undefined
      : {
          label: text('audit.detail.application'),
          value: names.clients.get(clientId) ?? clientId,
          href: auditOf('client', clientId),
        },
    ...Object.entries(others).map(([key, value]) => ({ key, code: valueText(value) })),
    ...Object.entries(event.changes).map(([key, change]) => ({ key, ...changeFact(change) })),
    event.address === null
      ? undefined
      : { label: text('audit.detail.address'), value: event.address, href: auditOf('address', event.address) },
    event.requestId === null ? undefined : { label: text('audit.detail.request'), copy: event.requestId },
  ];
  return facts.filter((fact) => fact !== undefined);
}

function subjectFact(subjectId: string, { people }: EventNames): EventFact {
  const name = people.get(subjectId);
  if (name === undefined) return { label: text('audit.detail.id'), code: subjectId };
  return { label: text('audit.detail.person'), value: name, href: auditOf('user', subjectId) };
}

/** The log of one person, application or address. */
function auditOf(filter: 'user' | 'client' | 'address', value: string): string {
  return `${routes.audit}?${new URLSearchParams({ [filter]: value }).toString()}`;
}

function exactTime(at: number): string {
  const iso = new Date(at * 1000).toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
}

function changeFact(change: ChangedMember | 'changed'): Pick<EventFact, 'value' | 'code'> {
  return change === 'changed'
    ? { value: text('audit.detail.changed') }
    : { code: `${valueText(change.before)} → ${valueText(change.after)}` };
}

function valueText(value: unknown): string {
  if (value === null || value === undefined || value === '') return '–';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
