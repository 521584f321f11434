import { clientIdUrlProblem, isHostAllowed, parseHostRules } from './client-id-url.js';

describe('a client_id that is an address (draft-ietf-oauth-client-id-metadata-document 3)', () => {
  it.each(['https://app.example/client.json', 'https://app.example:8443/a/b', 'https://app.example/client?v=1'])(
    'takes %s',
    (clientId) => expect(clientIdUrlProblem(clientId, { loopback: 'refused' })).toBeUndefined(),
  );

  it.each([
    ['http', 'http://app.example/client.json'],
    ['no path', 'https://app.example/'],
    ['nothing after the host', 'https://app.example'],
    ['a fragment', 'https://app.example/client.json#a'],
    ['an empty fragment', 'https://app.example/client.json#'],
    ['credentials', 'https://user:password@app.example/client.json'],
    ['dot segments', 'https://app.example/a/../client.json'],
    ['encoded dot segments', 'https://app.example/a/%2e%2e/client.json'],
    ['a single dot', 'https://app.example/./client.json'],
    ['a default port', 'https://app.example:443/client.json'],
    ['capitals in the host', 'https://App.example/client.json'],
    ['a backslash', 'https://app.example\\client.json'],
    ['too much', `https://app.example/${'a'.repeat(200)}`],
    ['loopback', 'http://127.0.0.1:1/client.json'],
    ['no address at all', 'https://'],
  ])('refuses %s', (_what, clientId) => expect(clientIdUrlProblem(clientId, { loopback: 'refused' })).toBeDefined());

  it('takes http on this computer where that is allowed', () => {
    expect(clientIdUrlProblem('http://127.0.0.1:1/client.json', { loopback: 'allowed' })).toBeUndefined();
    expect(clientIdUrlProblem('http://app.example/client.json', { loopback: 'allowed' })).toBeDefined();
  });
});

describe('rules for hosts', () => {
  const rules = parseHostRules('app.example, *.trusted.example !bad.trusted.example') ?? { allowed: [], blocked: [] };

  it.each([
    ['app.example', true],
    ['a.trusted.example', true],
    ['trusted.example', false],
    ['bad.trusted.example', false],
    ['eviltrusted.example', false],
    ['other.example', false],
  ])('of a list say of %s: %s', (host, allowed) => expect(isHostAllowed(host, rules, 'allow-list')).toBe(allowed));

  it('of an open server block alone', () => {
    expect(isHostAllowed('other.example', rules, 'open')).toBe(true);
    expect(isHostAllowed('bad.trusted.example', rules, 'open')).toBe(false);
  });

  it.each(['https://app.example', 'app.example/path', 'a b/c', '*'])('do not take %j', (text) =>
    expect(parseHostRules(text)).toBeUndefined(),
  );
});
