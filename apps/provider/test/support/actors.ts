import { epochSeconds, type Selector } from '@gatehouse/domain/kernel';
import type { Actor, UserActor, RegistrantActor, RegistrationProof } from '../../src/operations/actor';

const now = epochSeconds(1_800_000_000);
const origin = { address: '127.0.0.1', requestId: 'test', now };
const counted = { ...origin, addressKey: '127.0.0.1' };
const recent = { authTime: now, amr: ['pwd'] } as const;

/** The client that the actors of {@link actors} own, registered or describe, unless they are those of another one. */
export const ownClientId = 'https://own.test/client';
const otherClientId = 'https://other.test/client';
/** Who owns that client. */
export const ownerId = 'owner';

function person(userId: string, roles: readonly string[], signIn: UserActor['signIn'] = recent): UserActor {
  return { kind: 'person', userId, roles, signIn, hasSecondFactor: false, ...origin };
}

/** As {@link person}, with a sign-in one second too old for changes that need a recent one. */
function stale(userId: string, roles: readonly string[]): UserActor {
  return person(userId, roles, { ...recent, authTime: epochSeconds(now - 601) });
}

function registrant(proof: RegistrationProof): RegistrantActor {
  return { kind: 'registrant', proof, ...counted };
}

/** Everybody who may ask for an operation, for tables of policies. */
export const actors = {
  administrator: person('admin', ['admin']),
  'stale administrator': stale('admin', ['admin']),
  auditor: person('auditor', ['auditor']),
  owner: person(ownerId, ['developer']),
  'stale owner': stale(ownerId, ['developer']),
  'owner with an unused second factor': { ...person(ownerId, ['developer']), hasSecondFactor: true },
  'former developer who owns': person(ownerId, ['user']),
  'auditor who owns': person(ownerId, ['auditor', 'developer']),
  'other developer': person('other', ['developer']),
  user: person('user', ['user']),
  'API client': { kind: 'client', clientId: ownClientId, tokenSelector: 1 as Selector, ...origin },
  visitor: { kind: 'visitor', linkedUserId: ownerId, ...origin },
  'registrant without a token': registrant({ kind: 'none' }),
  'registrant with an initial access token': registrant({ kind: 'initial-access-token', id: 'token', approves: false }),
  'registrant with an approving token': registrant({ kind: 'initial-access-token', id: 'token', approves: true }),
  'registrant of the client': registrant({
    kind: 'registration-access-token',
    clientId: ownClientId,
    token: 'secret',
  }),
  'registrant of another client': registrant({
    kind: 'registration-access-token',
    clientId: otherClientId,
    token: 'secret',
  }),
  'metadata document of the client': { kind: 'metadata-document', clientId: ownClientId, ...counted },
  'metadata document of another client': { kind: 'metadata-document', clientId: otherClientId, ...counted },
  'command line': { kind: 'command-line', now },
  system: { kind: 'system', now },
} as const satisfies Readonly<Record<string, Actor>>;

export type ActorName = keyof typeof actors;

/** A value for each of {@link actors}: a policy without an expectation for one of them does not compile. */
export type ForEachActor<Value> = Readonly<Record<ActorName, Value>>;

/** What a policy says of each actor. */
export function ofEachActor<Value>(policy: (actor: Actor) => Value): Record<string, Value> {
  return Object.fromEntries(Object.entries(actors).map(([name, actor]) => [name, policy(actor)]));
}
