import { epochSeconds, type Selector } from '@gatehouse/domain/kernel';
import type { Actor, UserActor } from './actor';
import { OperationError } from './operation-error';
import {
  administratorsAfterRecentSignIn,
  administratorsOnly,
  commandLineOnly,
  requireAllowed,
  readersOnly,
} from './policy';

const now = epochSeconds(1_800_000_000);
const person = (of: Partial<UserActor> = {}): UserActor => ({
  kind: 'person',
  userId: 'ada',
  roles: ['admin'],
  signIn: { authTime: epochSeconds(now - 60), amr: ['pwd'] },
  hasSecondFactor: false,
  address: '127.0.0.1',
  requestId: 'r',
  now,
  ...of,
});
const others: readonly Actor[] = [
  { kind: 'client', clientId: 'c', tokenSelector: 1 as Selector, address: '127.0.0.1', requestId: 'r', now },
  { kind: 'command-line', now },
  { kind: 'system', now },
];

describe('who may do what administrators do', () => {
  it('are administrators, service accounts, the command line and the server', () => {
    expect([person(), ...others].map((actor) => administratorsAfterRecentSignIn(actor))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it.each<Actor>([
    { kind: 'registrant', proof: { kind: 'none' }, address: '127.0.0.1', addressKey: '127.0.0.1', requestId: 'r', now },
    {
      kind: 'metadata-document',
      clientId: 'https://client.test/',
      address: '127.0.0.1',
      addressKey: '127.0.0.1',
      requestId: 'r',
      now,
    },
  ])('are not registrants and metadata documents: $kind', (actor) => {
    expect(administratorsOnly(actor)).toBe('forbidden');
  });

  it.each([
    [['user'], 'forbidden'],
    [['developer', 'user'], 'forbidden'],
    [['auditor'], 'read_only'],
    [[], 'forbidden'],
    [['auditor', 'admin'], undefined],
  ])('of the roles %j: %s', (roles, denial) => {
    expect(administratorsOnly(person({ roles }))).toBe(denial);
  });

  it.each<[string, Partial<UserActor>, string | undefined]>([
    ['is ten minutes old', { signIn: { authTime: epochSeconds(now - 600), amr: ['pwd'] } }, undefined],
    ['is older', { signIn: { authTime: epochSeconds(now - 601), amr: ['pwd'] } }, 'recent_sign_in'],
    ['was without the second factor', { hasSecondFactor: true }, 'recent_sign_in'],
    ['does not exist', { signIn: undefined }, 'recent_sign_in'],
    ['is complete', { hasSecondFactor: true, signIn: { authTime: now, amr: ['pwd', 'otp', 'mfa'] } }, undefined],
    ['is old, of a user', { roles: ['user'], signIn: { authTime: epochSeconds(1), amr: [] } }, 'forbidden'],
  ])('with a sign-in that %s', (_what, of, denial) => {
    expect(administratorsAfterRecentSignIn(person(of))).toBe(denial);
  });

  it('denies visitors', () => {
    const visitor: Actor = { kind: 'visitor', linkedUserId: 'ada', address: '127.0.0.1', requestId: 'r', now };
    expect(
      [administratorsOnly, administratorsAfterRecentSignIn, readersOnly, commandLineOnly].map((may) => may(visitor)),
    ).toEqual(Array(4).fill('forbidden'));
  });

  it('allows auditors to read, and only the command line and the server what requires access to the server', () => {
    expect([readersOnly(person({ roles: ['auditor'] })), readersOnly(person({ roles: ['user'] }))]).toEqual([
      undefined,
      'forbidden',
    ]);
    expect(commandLineOnly(person())).toBe('forbidden');
    expect(others.map((actor) => commandLineOnly(actor))).toEqual(['forbidden', undefined, undefined]);
  });

  it('reports what the sign-in lacks', () => {
    const denialOf = (actor: Actor): unknown => {
      try {
        requireAllowed(actor, administratorsAfterRecentSignIn(actor));
      } catch (error) {
        return error instanceof OperationError ? [error.code, error.missing] : error;
      }
      return undefined;
    };
    expect(denialOf(person({ hasSecondFactor: true }))).toEqual(['recent_sign_in', 'second-factor']);
    expect(denialOf(person({ signIn: undefined }))).toEqual(['recent_sign_in', 'sign-in']);
    expect(denialOf(person({ roles: [] }))).toEqual(['forbidden', undefined]);
    expect(denialOf(person())).toBeUndefined();
  });
});
