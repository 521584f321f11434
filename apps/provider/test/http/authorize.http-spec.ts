import type { Client, ClientDraft } from '@gatehouse/domain/oauth';
import { epochSeconds } from '@gatehouse/domain/kernel';
import { Browser, send } from '../support/browser';
import { answerOf, authorizationRequest, authorizeUrl, startProvider, type TestProvider } from '../support/provider';

type Overrides = Readonly<Record<string, string | undefined>>;

describe('the authorization endpoint', () => {
  let provider: TestProvider;
  let client: Client;
  beforeAll(async () => {
    provider = await startProvider();
    ({ client } = await provider.addClient());
  });
  afterAll(() => provider.close());

  const urlOf = (of: Client, overrides: Overrides = {}): string =>
    authorizeUrl(provider, authorizationRequest(of, overrides).parameters);
  const ask = (overrides: Overrides, draft?: Partial<ClientDraft>) =>
    draft === undefined
      ? send(urlOf(client, overrides), { headers: { Accept: 'text/html' } })
      : provider
          .addClient(draft)
          .then((made) => send(urlOf(made.client, overrides), { headers: { Accept: 'text/html' } }));

  describe('shows a page and never redirects where client or redirect URI is in doubt (RFC 6749 4.1.2.1)', () => {
    it.each<[string, Overrides, Partial<ClientDraft>?]>([
      ['an unknown client', { client_id: 'nobody' }],
      ['no client_id', { client_id: undefined }],
      ['an empty client_id', { client_id: '' }],
      ['a client that is switched off', {}, { disabledAt: epochSeconds(1) }],
      ['a redirect_uri of another host', { redirect_uri: 'https://evil.test/callback' }],
      ['a redirect_uri with a query added', { redirect_uri: 'https://client.test/callback?next=1' }],
      ['a redirect_uri with a path added', { redirect_uri: 'https://client.test/callback/more' }],
      ['a redirect_uri with dots in its path', { redirect_uri: 'https://client.test/x/../callback' }],
      ['a redirect_uri in another case', { redirect_uri: 'https://client.test/Callback' }],
      ['a redirect_uri with a port', { redirect_uri: 'https://client.test:444/callback' }],
      ['a redirect_uri with user information', { redirect_uri: 'https://client.test@evil.test/callback' }],
      ['a redirect_uri with a fragment', { redirect_uri: 'https://client.test/callback#here' }],
      ['a redirect_uri over http', { redirect_uri: 'http://client.test/callback' }],
      ['a script as redirect_uri', { redirect_uri: 'javascript:alert(1)' }],
      ['an OpenID request without redirect_uri (OpenID Connect Core 3.1.2.1)', { redirect_uri: undefined }],
      [
        'a client without any redirect URI',
        { redirect_uri: undefined, scope: undefined },
        { grantTypes: ['client_credentials'], redirectUris: [], scope: [] },
      ],
    ])('%s', async (_name, overrides, ...[draft]) => {
      const answer = await ask(overrides, draft);
      expect(answer.status).toBe(400);
      expect(answer.location).toBeUndefined();
      expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.text).toContain('request.refused');
    });

    it.each(['client_id', 'redirect_uri', 'state', 'scope', 'response_type', 'code_challenge', 'nonce', 'anything'])(
      '%s given twice (RFC 6749 3.1)',
      async (name) => {
        const answer = await send(
          `${urlOf(client, { anything: 'x' })}&${name}=${name === 'redirect_uri' ? encodeURIComponent('https://client.test/callback') : 'again'}`,
        );
        expect(answer.status).toBe(400);
        expect(answer.location).toBeUndefined();
        expect(answer.text).toContain(`The parameter ${name} is repeated.`);
      },
    );

    it('a program that asks is answered in JSON with the same id', async () => {
      const answer = await send(urlOf(client, { client_id: 'nobody' }), { headers: { Accept: 'application/json' } });
      expect(answer.status).toBe(400);
      expect(answer.json()).toMatchObject({ error: 'request.refused', request_id: expect.any(String) as unknown });
    });
  });

  describe('answers every other fault by redirect, with state and iss (RFC 6749 4.1.2.1, RFC 9207 2)', () => {
    it.each<[string, string, Overrides, Partial<ClientDraft>?]>([
      ['no response_type', 'invalid_request', { response_type: undefined }],
      ['an unknown response_type', 'unsupported_response_type', { response_type: 'ticket' }],
      [
        'a client without the authorization code grant',
        'unauthorized_client',
        { scope: undefined },
        { grantTypes: ['client_credentials'], scope: ['read'] },
      ],
      ['a scope that nobody knows', 'invalid_scope', { scope: 'openid everything' }],
      ['a scope that the client is not registered for', 'invalid_scope', { scope: 'openid roles' }],
      ['a scope with forbidden characters (RFC 6749 3.3)', 'invalid_scope', { scope: 'openid "x"' }],
      ['no code_challenge', 'invalid_request', { code_challenge: undefined, code_challenge_method: undefined }],
      ['a code_challenge_method alone', 'invalid_request', { code_challenge: undefined }],
      [
        'a code_challenge without its method, which would be plain (RFC 7636 4.3)',
        'invalid_request',
        { code_challenge_method: undefined },
      ],
      ['the method plain (RFC 9700 2.1.1)', 'invalid_request', { code_challenge_method: 'plain' }],
      ['a code_challenge that is too short', 'invalid_request', { code_challenge: 'abc' }],
      [
        'a padded code_challenge',
        'invalid_request',
        { code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM=' },
      ],
      ['an unknown prompt', 'invalid_request', { prompt: 'dance' }],
      ['prompt=none with another value', 'invalid_request', { prompt: 'none login' }],
      ['a max_age that is no number', 'invalid_request', { max_age: 'soon' }],
      ['a negative max_age', 'invalid_request', { max_age: '-1' }],
      ['a request object that is no JWT', 'invalid_request_object', { request: 'eyJhbGciOiJub25lIn0.e30' }],
      ['a request_uri that is not registered', 'invalid_request_uri', { request_uri: 'https://client.test/request' }],
      ['a registration', 'registration_not_supported', { registration: '{}' }],
      ['authorization_details (RFC 9396 5)', 'invalid_authorization_details', { authorization_details: '[]' }],
      ['an unknown response_mode', 'invalid_request', { response_mode: 'pigeon' }],
      ['a nonce that is too long', 'invalid_request', { nonce: 'n'.repeat(1001) }],
      ['a nonce with a NUL', 'invalid_request', { nonce: 'a\0b' }],
    ])('%s: %s', async (_name, error, overrides, ...[draft]) => {
      const answer = await ask(overrides, draft);
      expect(answer.status).toBe(303);
      expect(answer.location).toMatch(/^https:\/\/client\.test\/callback\?/);
      const parameters = answerOf(answer);
      expect(Object.fromEntries(parameters)).toEqual({
        error,
        error_description: expect.stringMatching(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/) as unknown,
        state: 'some-state',
        iss: provider.issuer,
      });
    });

    it('the response_type token in the fragment, where its client would look (OAuth 2.0 Multiple Response Types 5)', async () => {
      const url = new URL((await ask({ response_type: 'token' })).location ?? '');
      expect(url.search).toBe('');
      expect(Object.fromEntries(new URLSearchParams(url.hash.slice(1)))).toMatchObject({
        error: 'unsupported_response_type',
        state: 'some-state',
        iss: provider.issuer,
      });
    });

    it.each(['a\0b', 'a\u007fb', 'ä', 'a\nb'])(
      'a state that is not printable ASCII is refused and not altered: %j (RFC 6749 A.5)',
      async (state) => {
        const parameters = answerOf(await ask({ state }));
        expect(parameters.get('error')).toBe('invalid_request');
        expect(parameters.get('error_description')).toContain('state');
        expect(parameters.has('state')).toBe(false);
      },
    );

    it('a state of every printable character comes back as it was sent (RFC 6749 A.5)', async () => {
      const state = Array.from({ length: 95 }, (_each, index) => String.fromCharCode(0x20 + index)).join('');
      expect(answerOf(await ask({ state, prompt: 'none' })).get('state')).toBe(state);
    });

    it('a state that is too long is named, and not sent back', async () => {
      const parameters = answerOf(await ask({ state: 's'.repeat(2001) }));
      expect(parameters.get('error')).toBe('invalid_request');
      expect(parameters.has('state')).toBe(false);
    });

    it('treats a parameter without a value as left out, and ignores unknown ones (RFC 6749 3.1)', async () => {
      const parameters = answerOf(await ask({ state: '', prompt: 'none', max_age: '', request: '', foo: 'bar' }));
      expect(parameters.get('error')).toBe('login_required');
      expect(parameters.has('state')).toBe(false);
    });
  });

  describe('by GATEHOUSE_PKCE=public', () => {
    let lenient: TestProvider;
    beforeAll(async () => (lenient = await startProvider({ env: { GATEHOUSE_PKCE: 'public' } })));
    afterAll(() => lenient.close());
    const without = { code_challenge: undefined, code_challenge_method: undefined, prompt: 'none' };
    const errorOf = async (draft: Partial<ClientDraft>) => {
      const made = await lenient.addClient(draft);
      return answerOf(await send(authorizeUrl(lenient, authorizationRequest(made.client, without).parameters)));
    };

    it('lets a confidential client made with --no-pkce go without a challenge', async () => {
      expect((await errorOf({ pkceRequired: false })).get('error')).toBe('login_required');
    });

    it('still asks it of a confidential client made without --no-pkce', async () => {
      expect((await errorOf({})).get('error_description')).toContain('requires PKCE');
    });

    it('still asks it of a public client (RFC 9700 2.1.1)', async () => {
      expect((await errorOf({ type: 'public', authMethod: 'none' })).get('error_description')).toContain(
        'requires PKCE',
      );
    });
  });

  it('asks PKCE even of a client made with --no-pkce where GATEHOUSE_PKCE=required', async () => {
    const answer = await ask(
      { code_challenge: undefined, code_challenge_method: undefined, prompt: 'none' },
      { pkceRequired: false },
    );
    expect(answerOf(answer).get('error')).toBe('invalid_request');
  });

  describe('takes POST as well (OpenID Connect Core 3.1.2.1)', () => {
    const body = (overrides: Overrides = {}): string => new URL(urlOf(client, overrides)).search.slice(1);
    const postIt = (text: string, headers: Record<string, string> = {}) =>
      send(`${provider.issuer}/oauth/authorize`, {
        method: 'POST',
        body: text,
        headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: 'https://client.test', ...headers },
      });

    it('and returns 303 to a GET of the same request, which carries the session cookie', async () => {
      const answer = await postIt(body({ state: 'ä&b' }));
      expect(answer.status).toBe(303);
      const url = new URL(answer.location ?? '');
      expect(url.origin + url.pathname).toBe(`${provider.issuer}/oauth/authorize`);
      expect(url.searchParams.get('client_id')).toBe(client.id);
      expect(url.searchParams.get('state')).toBe('ä&b');
    });

    it('rejects a repeated parameter with a page', async () => {
      const answer = await postIt(`${body()}&state=again`);
      expect(answer.status).toBe(400);
      expect(answer.location).toBeUndefined();
    });

    it('returns 413 to a request that no query could hold', async () => {
      expect((await postIt(body({ state: 'x'.repeat(12_000) }))).status).toBe(413);
    });

    it('returns 413 to a body over its limit', async () => {
      expect((await postIt(body({ state: 'x'.repeat(70_000) }))).status).toBe(413);
    });

    it('returns 415 to another kind of body', async () => {
      expect((await postIt('{}', { 'Content-Type': 'application/json' })).status).toBe(415);
    });
  });

  it('returns 431 to a request line over what HTTP carries, and lives on', async () => {
    const answer = await send(urlOf(client, { state: 'x'.repeat(40_000) }));
    expect(answer.status).toBe(431);
    expect((await send(`${provider.issuer}/healthz`)).status).toBe(200);
  });

  describe('redirect URIs (RFC 8252)', () => {
    const errorOf = async (registered: string, sent: string) => {
      const made = await provider.addClient({
        type: 'public',
        authMethod: 'none',
        applicationType: 'native',
        redirectUris: [registered],
      });
      return send(urlOf(made.client, { redirect_uri: sent, prompt: 'none' }));
    };

    it.each([
      ['http://127.0.0.1/callback', 'http://127.0.0.1:51004/callback'],
      ['http://127.0.0.1:8080/callback', 'http://127.0.0.1:51004/callback'],
      ['http://[::1]/callback', 'http://[::1]:51004/callback'],
      ['com.example.app:/callback', 'com.example.app:/callback'],
    ])('%s takes %s (7.1, 7.3)', async (registered, sent) => {
      const answer = await errorOf(registered, sent);
      expect(answer.location?.startsWith(sent)).toBe(true);
    });

    it.each([
      ['http://localhost/callback', 'http://localhost:51004/callback'],
      ['http://127.0.0.1/callback', 'http://127.0.0.1:51004/other'],
      ['http://127.0.0.1/callback', 'http://127.0.0.2:51004/callback'],
      ['https://127.0.0.1/callback', 'https://127.0.0.1:51004/callback'],
    ])('%s does not take %s', async (registered, sent) => {
      const answer = await errorOf(registered, sent);
      expect(answer.status).toBe(400);
      expect(answer.location).toBeUndefined();
    });
  });

  it('a valid request without a session leads to the login page, bound to the browser', async () => {
    const browser = new Browser();
    const answer = await browser.send(urlOf(client));
    expect(answer.status).toBe(303);
    expect(answer.location).toMatch(new RegExp(`^${provider.issuer}/login\\?request=`));
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(browser.cookie(provider.host, 'gatehouse_browser')).toMatch(/^[\w-]{43}$/);
  });
});
