import { createHash } from 'node:crypto';
import { sessionState } from './session-state';

const of = { clientId: 'a-client', redirectUri: 'https://rp.test/callback?x=1', browserState: 'state', salt: 'salt' };

describe('session_state (OpenID Connect Session Management 2)', () => {
  it('is the salted hash of client, origin and browser state, and the salt', () => {
    const hash = createHash('sha256').update('a-client https://rp.test state salt').digest('base64url');
    expect(sessionState(of)).toBe(`${hash}.salt`);
  });

  it.each([
    ['https://rp.test:443/other', 'https://rp.test'],
    ['https://rp.test:8443/callback', 'https://rp.test:8443'],
    ['http://127.0.0.1:3000/callback', 'http://127.0.0.1:3000'],
    ['http://[::1]:3000/callback', 'http://[::1]:3000'],
  ])('takes the origin of %s as a browser writes it: %s', (redirectUri, origin) => {
    const hash = createHash('sha256').update(`a-client ${origin} state salt`).digest('base64url');
    expect(sessionState({ ...of, redirectUri })).toBe(`${hash}.salt`);
  });

  it.each(['com.example.app:/callback', 'com.example.app://host/callback'])('is none for %s', (redirectUri) => {
    expect(sessionState({ ...of, redirectUri })).toBeUndefined();
  });

  it.each(['clientId', 'browserState', 'salt'] as const)('changes with %s', (name) => {
    expect(sessionState({ ...of, [name]: 'another' })).not.toBe(sessionState(of));
  });

  it('does not hold the browser state', () => {
    expect(sessionState({ ...of, browserState: 'long-enough-to-be-found' })).not.toContain('long-enough');
  });
});
