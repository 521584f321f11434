import type { LoggedEvent } from '../../audit/audit-log.service.js';
import { commandLineUser, isCommandLineActor } from '../../audit/command-line-actor.js';
import { hasText, text, type Message, type TextKey } from '../../i18n/message.js';

/** A sentence of the catalogue with its values: the model of `ui/sentence`. */
export interface EventSentence {
  readonly key: TextKey;
  readonly values: Readonly<Record<string, Message | number>>;
}

/** The current names of those that an event concerns, by id. */
export interface EventNames {
  readonly people: ReadonlyMap<string, string>;
  readonly clients: ReadonlyMap<string, string>;
}

/** What happened, as a sentence. Every type has a text, with the placeholders that it needs of those below. */
export function eventSentence(event: LoggedEvent, names: EventNames): EventSentence {
  const key = `audit.event.${event.type}`;
  const { actorId, subjectId } = event;
  const person = subjectId === null ? undefined : names.people.get(subjectId);
  const values = {
    actor: actorName(event, names),
    /** Whether the actor acted on the own account; a visitor without a session has an address, the server has none. */
    by: actorId !== null ? (actorId === subjectId ? 'self' : 'other') : event.address === null ? 'nobody' : 'visitor',
    /** Whether the subject is a person; it may also be a session or a grant. */
    known: person === undefined ? 'no' : 'yes',
    person: person ?? textOf(event.details['username']) ?? subjectId ?? '',
    client: clientName(event, names),
    factor: textOf(event.details['factor']) ?? '',
    why: textOf(event.details['why']) ?? '',
    object: objectOf(event),
    count: numberOf(event.details['days']) ?? numberOf(event.details['messages']) ?? 1,
  };
  // Written by a later version, and read by this one during an update.
  if (!hasText(key)) return { key: 'audit.event.other', values };
  return { key, values };
}

export function actorName({ actorId, type, details, address }: LoggedEvent, { people }: EventNames): Message {
  const acting = actorId ?? (type === 'logout' ? textOf(details['user']) : undefined);
  // A visitor has an address; what the server does by itself has none.
  if (acting === undefined) return text(address === null ? 'audit.actor.server' : 'audit.actor.someone');
  if (isCommandLineActor(acting)) return text('audit.actor.commandLine', { user: commandLineUser(acting) });
  return people.get(acting) ?? acting;
}

function clientName({ clientId, details }: LoggedEvent, { clients }: EventNames): Message {
  if (clientId === null) return text('audit.unknownApplication');
  return clients.get(clientId) ?? textOf(details['name']) ?? clientId;
}

/** What the event names besides people and applications: an address, an identifier, a role. */
function objectOf(event: LoggedEvent): string {
  const { details, changes, type, subjectId, clientId } = event;
  if (type === 'grant.revoked' && clientId === null && details['offline_grants_ended'] !== undefined) return 'none';
  if (type === 'factor.renamed') {
    const { name } = changes;
    return name === undefined || name === 'changed' ? '' : (textOf(name.after) ?? '');
  }
  const named = ['email', 'identifier', 'issuer', 'algorithm'].map((each) => textOf(details[each]));
  if (!hasText(`audit.event.${type}`)) return type;
  return named.find((each) => each !== undefined) ?? subjectId ?? type;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
