import { outcomeOf } from '../../test/outcome.js';
import { epochSeconds } from '../kernel/index.js';
import { checkClientAssertion, checkClientAssertionType, jwtBearerAssertion } from './client-assertion.js';

const now = epochSeconds(1_800_000_000);
const context = { clientId: 'c', audiences: ['https://op.example', 'https://op.example/oauth/token'], now };
const claims = { iss: 'c', sub: 'c', aud: 'https://op.example', exp: now + 60, jti: 'one' };

describe('checkClientAssertion (RFC 7523 3)', () => {
  it('says what is to be remembered, past the time at which the assertion is still taken', () => {
    expect(checkClientAssertion(claims, context)).toEqual({ jti: 'one', expiresAt: now + 71 });
    for (let at = now; at < now + 100; at = epochSeconds(at + 1)) {
      const use = attempt({}, { now: at });
      if (typeof use !== 'string') expect(use.expiresAt).toBeGreaterThan(at);
    }
  });

  function attempt(changes: Record<string, unknown>, around: Partial<typeof context> = {}) {
    return outcomeOf(() => checkClientAssertion({ ...claims, ...changes }, { ...context, ...around }));
  }

  it.each<[string, Record<string, unknown>]>([
    ['the issuer', {}],
    ['an endpoint', { aud: 'https://op.example/oauth/token' }],
    ['an expiry a few seconds ago, by a clock that is off', { exp: now - 9 }],
    ['the longest jti', { jti: 'one'.padEnd(1000, 'j') }],
    ['an hour by a clock that is ahead', { exp: now + 3610 }],
    ['an nbf at the epoch', { nbf: 0 }],
    ['a fraction of a second', { exp: now + 60.5, iat: now + 0.25 }],
    ['an instant a few seconds ahead', { iat: now + 10, nbf: now + 10 }],
    ['what it does not know', { azp: 'x', extra: [1] }],
  ])('takes %s', (_name, changes) => expect(attempt(changes)).toHaveProperty('jti', expect.stringMatching(/^one/)));

  it.each<[string, Record<string, unknown>, string]>([
    ['another issuer', { iss: 'other' }, 'issuer'],
    ['another subject', { sub: 'other' }, 'issuer'],
    ['no issuer', { iss: undefined }, 'issuer'],
    ['another audience', { aud: 'https://other.example' }, 'audience'],
    ['no audience', { aud: undefined }, 'audience'],
    ['a list of audiences', { aud: ['https://op.example'] }, 'audience'],
    ['the issuer with a slash', { aud: 'https://op.example/' }, 'audience'],
    ['no expiry', { exp: undefined }, 'exp'],
    ['an expiry that is text', { exp: String(now + 60) }, 'exp'],
    ['an expiry before 1970', { exp: -1 }, 'exp'],
    ['an iat before 1970', { iat: -1 }, 'iat'],
    ['iat that is text', { iat: 'now' }, 'iat'],
    ['an expiry beyond exact numbers', { exp: 2 ** 53 }, 'exp'],
    ['an endless expiry', { exp: Number.POSITIVE_INFINITY }, 'exp'],
    ['an expiry that is past', { exp: now - 10 }, 'expired'],
    ['an expiry too far ahead', { exp: now + 3611 }, 'lifetime'],
    ['not yet', { nbf: now + 11 }, 'nbf'],
    ['nbf that is text', { nbf: 'now' }, 'nbf'],
    ['issued in the future', { iat: now + 11 }, 'iat'],
    ['no jti', { jti: undefined }, 'jti'],
    ['an empty jti', { jti: '' }, 'jti'],
    ['a jti that is a number', { jti: 1 }, 'jti'],
    ['an endless jti', { jti: 'j'.repeat(1001) }, 'jti'],
  ])('refuses %s', (_name, changes, reason) =>
    expect(attempt(changes)).toBe(`invalid_client client_assertion.${reason}`),
  );
});

describe('checkClientAssertionType (RFC 8725 3.11)', () => {
  it.each([undefined, 'JWT', 'jwt', 'client-authentication+jwt', 'application/client-authentication+JWT'])(
    'takes %s',
    (type) => expect(() => checkClientAssertionType(type)).not.toThrow(),
  );

  it.each([
    'dpop+jwt',
    'oauth-authz-req+jwt',
    'at+jwt',
    'logout+jwt',
    '',
    'xjwt',
    'x/application/jwt',
    'text/jwt',
    'jwtapplication/',
    null,
    ['jwt'],
    1,
  ])('refuses %j', (type) =>
    expect(outcomeOf(() => checkClientAssertionType(type))).toBe('invalid_client client_assertion.typ'),
  );
});

it('jwtBearerAssertion is the identifier of RFC 7523 2.2', () => {
  expect(jwtBearerAssertion).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
});
