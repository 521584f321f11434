import { aClient } from '../../test/client.fixture.js';
import { checkEndSession } from './end-session.js';

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
    ['nobody is logged in any more', { session: undefined }, true],
    ['there is no hint', { hint: undefined }, false],
    ['there is neither hint nor session', { hint: undefined, session: undefined }, false],
    ['the hint names another person', { hint: { subject: 'bob', sessionId: 's1' } }, false],
    ['the hint names another session of this person', { hint: { subject: 'ada', sessionId: 's2' } }, false],
  ])('asks the person unless the client is known to speak for this session: %s', (_name, changes, confirmed) => {
    expect(check(changes).confirmed).toBe(confirmed);
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
