import { outcomeOf } from '../../test/outcome.js';
import {
  accessTokenType,
  prependActor,
  checkActorToken,
  checkExchangeRequest,
  exchangeRulesFor,
  formatExchangeRule,
  isDelegated,
  jwtType,
  parseExchangeRules,
  tokenExchangeGrant,
  type ExchangeRule,
} from './token-exchange.js';
import { exchangedScope, exchangeTargets, type ExchangeScopeContext } from './exchanged-scope.js';
import { OAuthError } from './oauth-error.js';

it('uses the identifiers of RFC 8693 2.1 and 3', () => {
  expect(tokenExchangeGrant).toBe('urn:ietf:params:oauth:grant-type:token-exchange');
  expect(accessTokenType).toBe('urn:ietf:params:oauth:token-type:access_token');
  expect(jwtType).toBe('urn:ietf:params:oauth:token-type:jwt');
});

describe('parseExchangeRules', () => {
  it('reads what formatExchangeRule writes, blank lines left out', () => {
    const lines = ['https://a.example/', '', '  urn:b   impersonation ', 'urn:c delegation'];
    const parsed = parseExchangeRules(lines);
    if ('problem' in parsed) throw new Error(parsed.problem);
    expect(parsed.rules.map(formatExchangeRule)).toEqual(['https://a.example/', 'urn:b impersonation', 'urn:c']);
  });

  const rulesFor = (count: number): string[] => Array.from({ length: count }, (_, n) => `urn:${n}`);

  it.each([
    ['a relative identifier', ['urn:a', '/api'], /^"\/api" is not the identifier of an API\.$/],
    ['another word', ['urn:a always'], /delegation or impersonation/],
    ['a third word', ['urn:a delegation twice'], /delegation or impersonation/],
    ['a third word after impersonation', ['urn:a impersonation delegation'], /delegation or impersonation/],
    ['fifty-one', rulesFor(51), /at most 50 APIs/],
  ])('says what is wrong with %s', (_name, lines, problem) => {
    expect(parseExchangeRules(lines)).toEqual({ problem: expect.stringMatching(problem) });
  });

  it('takes fifty, and the last of several lines for one API', () => {
    const lines = [...rulesFor(50), 'urn:0 impersonation'];
    const parsed = parseExchangeRules(lines);
    if ('problem' in parsed) throw new Error(parsed.problem);
    expect(parsed.rules).toHaveLength(50);
    expect(parsed.rules[0]).toEqual({ resource: 'urn:0', mode: 'impersonation' });
  });

  it('quotes no more than 60 characters of a wrong identifier', () => {
    const parsed = parseExchangeRules(['a'.repeat(500)]);
    expect(parsed).toHaveProperty('problem', `"${'a'.repeat(60)}" is not the identifier of an API.`);
  });
});

describe('actorBefore', () => {
  it('puts the newest outermost, five at most', () => {
    const chain = ['a', 'b', 'c', 'd', 'e'].reduce<ReturnType<typeof prependActor> | undefined>(
      (before, sub) => prependActor(sub, before),
      undefined,
    );
    expect(chain).toEqual({ sub: 'e', act: { sub: 'd', act: { sub: 'c', act: { sub: 'b', act: { sub: 'a' } } } } });
    expect(outcomeOf(() => prependActor('f', chain))).toBe('invalid_request exchange.too_many_actors');
  });

  it('gives the first actor no act claim (RFC 8693 4.1)', () => {
    expect(prependActor('a', undefined)).toStrictEqual({ sub: 'a' });
  });
});

describe('checkExchangeRequest (RFC 8693 2.1)', () => {
  const subject = { subject_token: 's', subject_token_type: accessTokenType };
  const actor = { actor_token: 'a', actor_token_type: accessTokenType };
  const check = (parameters: Readonly<Record<string, string>>): unknown =>
    outcomeOf(() => checkExchangeRequest(new Map(Object.entries(parameters))));
  const given = { subjectToken: 's', actorToken: undefined, requestedType: undefined };
  const other = 'urn:ietf:params:oauth:token-type:refresh_token';

  it.each<[string, Record<string, string>, unknown]>([
    ['a subject', subject, given],
    ['a subject that is a JWT', { ...subject, subject_token_type: jwtType }, given],
    ['an actor', { ...subject, ...actor }, { ...given, actorToken: 'a' }],
    ['an actor that is a JWT', { ...subject, ...actor, actor_token_type: jwtType }, { ...given, actorToken: 'a' }],
    [
      'an access token asked for',
      { ...subject, requested_token_type: accessTokenType },
      { ...given, requestedType: accessTokenType },
    ],
    ['a JWT asked for', { ...subject, requested_token_type: jwtType }, { ...given, requestedType: jwtType }],
    ['no subject', { subject_token_type: accessTokenType }, 'invalid_request exchange.subject_missing'],
    ['no subject type', { subject_token: 's' }, 'invalid_request exchange.token_type'],
    ['another subject type', { ...subject, subject_token_type: other }, 'invalid_request exchange.token_type'],
    ['an actor without type', { ...subject, actor_token: 'a' }, 'invalid_request exchange.actor_type'],
    ['an actor type without actor', { ...subject, actor_token_type: jwtType }, 'invalid_request exchange.actor_type'],
    ['another actor type', { ...subject, ...actor, actor_token_type: other }, 'invalid_request exchange.token_type'],
    ['another type asked for', { ...subject, requested_token_type: other }, 'invalid_request exchange.token_type'],
  ])('%s', (_name, parameters, expected) => expect(check(parameters)).toEqual(expected));

  it('says which type is missing, and which is not supported', () => {
    const text = (parameters: Record<string, string>): string => {
      try {
        checkExchangeRequest(new Map(Object.entries(parameters)));
        return '';
      } catch (error) {
        return error instanceof OAuthError ? error.description : '';
      }
    };
    expect(text({ subject_token: 's' })).toMatch(/^The subject_token_type is missing: /);
    expect(text({ ...subject, ...actor, actor_token_type: other })).toMatch(/^The actor_token_type is not supported: /);
    expect(text({ ...subject, requested_token_type: other })).toMatch(/^The requested_token_type is not supported: /);
  });
});

describe('exchangeTargets', () => {
  it.each<[string, Record<string, string>, unknown]>([
    ['resource', { resource: 'urn:a' }, ['urn:a']],
    ['audience', { audience: 'urn:a' }, ['urn:a']],
    ['both', { resource: 'urn:a urn:b', audience: 'urn:c urn:a' }, ['urn:a', 'urn:b', 'urn:c']],
    ['neither', {}, 'invalid_target exchange.no_target'],
    ['blanks', { resource: ' ' }, 'invalid_target exchange.no_target'],
    ['no identifier', { audience: 'api' }, 'invalid_target resource.malformed'],
  ])('%s', (_name, parameters, expected) =>
    expect(outcomeOf(() => exchangeTargets(new Map(Object.entries(parameters))))).toEqual(expected),
  );
});

describe('exchangeRulesFor', () => {
  const [a, b]: [ExchangeRule, ExchangeRule] = [
    { resource: 'urn:a', mode: 'delegation' },
    { resource: 'urn:b', mode: 'impersonation' },
  ];
  it.each<[string, string[], unknown]>([
    ['each, in their order', ['urn:b', 'urn:a'], [b, a]],
    ['one', ['urn:a'], [a]],
    ['one without a rule', ['urn:a', 'urn:c'], 'invalid_target exchange.not_allowed'],
    ['one that begins the same', ['urn:'], 'invalid_target exchange.not_allowed'],
  ])('%s', (_name, targets, expected) => expect(outcomeOf(() => exchangeRulesFor(targets, [a, b]))).toEqual(expected));

  it('isDelegated where one of them wants to be told who acts', () => {
    expect([isDelegated([a]), isDelegated([b]), isDelegated([b, a]), isDelegated([])]).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });
});

describe('exchangedScope', () => {
  const scopes = (...names: string[]) => names.map((name) => ({ name, sentence: '' }));
  const context: ExchangeScopeContext = {
    clientScope: ['openid', 'roles', 'gatehouse:read', 'read', 'write', 'stock'],
    subject: { scope: ['openid', 'read'], audience: ['urn:front'] },
    grant: { scope: ['openid', 'read'], resources: ['urn:front'] },
    resources: [{ identifier: 'urn:back', scopes: scopes('stock', 'order') }],
  };
  const front = { identifier: 'urn:front', scopes: scopes('read', 'write') };
  it.each<[string, string[] | undefined, Partial<ExchangeScopeContext>, unknown]>([
    ['all of the client, without this server’s own', undefined, {}, ['read', 'write', 'stock']],
    ['a part', ['stock'], {}, ['stock']],
    ['one that the client has not', ['order'], {}, 'invalid_scope exchange.scope'],
    ['one of a person', ['openid'], {}, 'invalid_scope exchange.scope'],
    ['one of the administration', ['gatehouse:read'], {}, 'invalid_scope exchange.scope'],
    ['one good and one not', ['stock', 'order'], {}, 'invalid_scope exchange.scope'],
    ['at the API of the old token no more than it had', undefined, { resources: [front] }, ['read', 'stock']],
    ['and not by name', ['write'], { resources: [front] }, 'invalid_scope exchange.scope'],
    [
      'at the API of the old token less than the grant',
      undefined,
      { resources: [front], grant: { scope: ['read', 'write'], resources: ['urn:front'] } },
      ['read', 'stock'],
    ],
    [
      'at an API of the grant no more than that, by a token for another one',
      undefined,
      { resources: [front], subject: { scope: ['read', 'write'], audience: ['urn:back'] } },
      ['read', 'stock'],
    ],
    [
      'at the API of a token that was exchanged no more than it has, of a grant for none',
      undefined,
      { resources: [front], grant: { scope: [], resources: [] } },
      ['read', 'stock'],
    ],
    [
      'at an API of neither what the client may',
      undefined,
      { resources: [front], subject: { scope: [], audience: [] }, grant: { scope: [], resources: [] } },
      ['read', 'write', 'stock'],
    ],
  ])('%s', (_name, sent, changes, expected) =>
    expect(outcomeOf(() => exchangedScope(sent, { ...context, ...changes }))).toEqual(expected),
  );
});

describe('checkActorToken', () => {
  const token = { clientId: 'c', userId: undefined, dpopJkt: undefined };
  it.each<[string, Parameters<typeof checkActorToken>, unknown]>([
    ['the client’s own', [token, 'c', undefined], token],
    ['the client’s own, with a proof besides', [token, 'c', 'k'], token],
    ['a bound one with its key', [{ ...token, dpopJkt: 'k' }, 'c', 'k'], { ...token, dpopJkt: 'k' }],
    [
      'a bound one without proof',
      [{ ...token, dpopJkt: 'k' }, 'c', undefined],
      'invalid_request exchange.actor_dpop_jkt',
    ],
    ['a bound one with another key', [{ ...token, dpopJkt: 'k' }, 'c', 'x'], 'invalid_request exchange.actor_dpop_jkt'],
    ['another client’s', [token, 'd', undefined], 'invalid_request exchange.actor_unknown'],
    ['none', [undefined, 'c', undefined], 'invalid_request exchange.actor_unknown'],
  ])('%s', (_name, parameters, expected) => expect(outcomeOf(() => checkActorToken(...parameters))).toEqual(expected));
});
