import { aClient } from '../../test/client.fixture.js';
import { epochSeconds } from '../kernel/index.js';
import { checkEndSession, mayEndSessionFromServer } from './end-session.js';

type Input = Parameters<typeof checkEndSession>[0];

const bye = 'https://client.example.com/bye';
const check = (changes: Partial<Input> = {}) =>
  checkEndSession({
    hint: { subject: 'ada', sessionId: 's1' },
    client: aClient(),
    postLogoutRedirectUri: bye,
    state: undefined,
    session: { userId: 'ada', id: 's1' },
    ...changes,
  });

describe('checkEndSession (OpenID Connect RP-Initiated Logout 1.0)', () => {
  it.each<[string, Partial<Input>, boolean]>([
    ['the hint names this session', {}, true],
    ['the hint names this person and no session', { hint: { subject: 'ada', sessionId: undefined } }, false],
    ['nobody is logged in any more', { session: undefined }, false],
    ['there is no hint', { hint: undefined }, false],
    ['there is neither hint nor session', { hint: undefined, session: undefined }, false],
    ['the hint names another person', { hint: { subject: 'bob', sessionId: 's1' } }, false],
    ['the hint names another session of this person', { hint: { subject: 'ada', sessionId: 's2' } }, false],
  ])('knows whether the hint names the session of this browser: %s', (_name, changes, expected) => {
    expect(check(changes).isSessionOfHint).toBe(expected);
  });

  it.each<[string, Partial<Input>, string | undefined]>([
    ['a registered address', {}, undefined],
    ['no address', { postLogoutRedirectUri: undefined }, undefined],
    ['no address and no client', { postLogoutRedirectUri: undefined, client: undefined }, undefined],
    ['an address that is not registered', { postLogoutRedirectUri: `${bye}/x` }, 'unregistered'],
    ['an address and no client', { client: undefined }, 'unknown_client'],
  ])('says why an address is not used: %s', (_name, changes, problem) => {
    expect(check(changes).redirectProblem).toBe(problem);
  });

  it.each<[string, Partial<Input>, string | undefined]>([
    ['a registered address', {}, bye],
    ['none', { postLogoutRedirectUri: undefined }, undefined],
    ['an added query', { postLogoutRedirectUri: `${bye}?x=1` }, undefined],
    ['an added path', { postLogoutRedirectUri: `${bye}/x` }, undefined],
    [
      'a redirect URI, which is not a post-logout one',
      { postLogoutRedirectUri: 'https://client.example.com/cb' },
      undefined,
    ],
    ['no client', { client: undefined }, undefined],
    ['state', { state: 'a b&c' }, `${bye}?state=a+b%26c`],
    ['an endless state, which stays behind', { state: 's'.repeat(2001) }, bye],
  ])('goes only to a registered address, compared as a string: %s', (_name, changes, redirectUri) => {
    expect(check(changes).redirectUri).toBe(redirectUri);
  });

  it('adds the state to a query that is there', () => {
    const uri = `${bye}?x=1`;
    const client = aClient({ postLogoutRedirectUris: [uri] });
    expect(check({ client, postLogoutRedirectUri: uri, state: 's' }).redirectUri).toBe(`${uri}&state=s`);
  });
});

describe('mayEndSessionFromServer', () => {
  const now = epochSeconds(100_000);
  const client = aClient({ approvedAt: epochSeconds(1) });
  const may = (changes: Partial<Parameters<typeof mayEndSessionFromServer>[0]>) =>
    mayEndSessionFromServer({
      claims: { aud: client.id, iat: 99_000 },
      client,
      sessionLifetimeSeconds: 3600,
      now,
      ...changes,
    });

  it.each<[string, Parameters<typeof may>[0], boolean]>([
    ['an approved client that is the audience', {}, true],
    ['no client', { client: undefined }, false],
    ['a client that nobody approved', { client: { ...client, approvedAt: undefined } }, false],
    ['a disabled client', { client: { ...client, disabledAt: now } }, false],
    ['another audience', { claims: { aud: 'other', iat: 99_000 } }, false],
    ['several audiences', { claims: { aud: [client.id, 'other'], iat: 99_000 } }, false],
    ['no audience', { claims: { iat: 99_000 } }, false],
    ['issued a session lifetime ago', { claims: { aud: client.id, iat: 96_400 } }, false],
    ['issued one second later than that', { claims: { aud: client.id, iat: 96_401 } }, true],
    ['issued by a clock that is a minute ahead', { claims: { aud: client.id, iat: 100_060 } }, true],
    ['issued in the future', { claims: { aud: client.id, iat: 100_061 } }, false],
    ['no time', { claims: { aud: client.id } }, false],
    ['a time that is no number', { claims: { aud: client.id, iat: '99000' } }, false],
  ])('%s', (_name, changes, expected) => {
    expect(may(changes)).toBe(expected);
  });
});
