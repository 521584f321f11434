import type { ClientDraft } from '@gatehouse/domain/oauth';
import { formOf, type Browser } from '../support/browser';
import {
  answerOf,
  authorizationRequest,
  authorizeUrl,
  basic,
  post,
  startProvider,
  type TestProvider,
} from '../support/provider';
import type { Tokens } from '../support/tokens';

describe('the answer of the authorization endpoint', () => {
  let provider: TestProvider;
  beforeAll(async () => (provider = await startProvider()));
  afterAll(() => provider.close());

  async function answered(overrides: Readonly<Record<string, string | undefined>>, draft: Partial<ClientDraft> = {}) {
    const browser = await provider.logIn(await provider.addUser());
    const registered = await provider.addClient({ consentRequired: false, ...draft });
    const { parameters, proof } = authorizationRequest(registered.client, overrides);
    return { answer: await browser.open(authorizeUrl(provider, parameters)), registered, proof, browser };
  }

  const tokenRequest = (of: Awaited<ReturnType<typeof answered>>, fields: Readonly<Record<string, string>>) =>
    post(
      `${provider.issuer}/oauth/token`,
      {
        grant_type: 'authorization_code',
        code: answerOf(of.answer).get('code') ?? '',
        code_verifier: of.proof.verifier,
        ...fields,
      },
      { Authorization: basic(of.registered.client, of.registered.secret) },
    );

  it('is in the query, with code, state and iss and nothing else (RFC 6749 4.1.2, RFC 9207 2)', async () => {
    const { answer } = await answered({});
    expect(answer.status).toBe(303);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.headers['referrer-policy']).toBe('same-origin');
    expect(Object.fromEntries(answerOf(answer))).toEqual({
      code: expect.stringMatching(/^[0-9a-z]+\.[\w-]{43}$/) as unknown,
      state: 'some-state',
      iss: provider.issuer,
    });
  });

  it('keeps the query that the redirect URI has (RFC 6749 3.1.2)', async () => {
    const { answer } = await answered({}, { redirectUris: ['https://client.test/callback?tenant=a%20b'] });
    expect(answer.location).toMatch(/^https:\/\/client\.test\/callback\?tenant=a%20b&code=/);
  });

  it('is in the fragment by response_mode=fragment (OAuth 2.0 Multiple Response Types 2.1)', async () => {
    const { answer } = await answered({ response_mode: 'fragment' });
    const url = new URL(answer.location ?? '');
    expect(url.search).toBe('');
    expect([...new URLSearchParams(url.hash.slice(1)).keys()]).toEqual(['code', 'state', 'iss']);
  });

  describe('by response_mode=form_post (OAuth 2.0 Form Post Response Mode)', () => {
    it('is a page whose form posts itself to the redirect URI, and to nothing else', async () => {
      const { answer } = await answered({ response_mode: 'form_post', state: '"><script>' });
      expect(answer.status).toBe(200);
      expect(answer.headers['cache-control']).toBe('no-store');
      const form = formOf(answer.text);
      expect(form.action).toBe('https://client.test/callback');
      expect(Object.fromEntries(form.fields)).toEqual({
        code: expect.any(String) as unknown,
        state: '"><script>',
        iss: provider.issuer,
      });
      const policy = String(answer.headers['content-security-policy']);
      expect(policy).toContain('form-action https:;');
      expect(policy).not.toContain('unsafe-inline');
      expect(answer.text).toMatch(/<noscript>[^]*<button type="submit">[^]*<\/noscript>/);
      expect(answer.text).not.toMatch(/<script>|onload=/);
    });

    it('has its script, which is served', async () => {
      const { answer, browser } = await answered({ response_mode: 'form_post' });
      const source = /<script src="([^"]+)"/.exec(answer.text)?.[1] ?? '';
      const script = await browser.send(new URL(source, provider.issuer).href);
      expect(script.status).toBe(200);
      expect(script.headers['content-type']).toContain('javascript');
    });

    it('carries an error the same way', async () => {
      const { answer } = await answered({ response_mode: 'form_post', scope: 'openid unknown' });
      expect(Object.fromEntries(formOf(answer.text).fields)).toMatchObject({
        error: 'invalid_scope',
        state: 'some-state',
        iss: provider.issuer,
      });
    });
  });

  it('carries an error in the fragment where the request asked for it', async () => {
    const { answer } = await answered({ response_mode: 'fragment', scope: 'openid unknown' });
    expect(new URLSearchParams(new URL(answer.location ?? '').hash.slice(1)).get('error')).toBe('invalid_scope');
  });

  describe('without redirect_uri, in an OAuth request', () => {
    const draft = {
      redirectUris: ['https://client.test/first', 'https://client.test/second'],
      scope: ['read', 'write'],
      defaultScope: ['read'],
    };

    it('goes to the first registered one where none is the default', async () => {
      const { answer } = await answered({ redirect_uri: undefined, scope: 'read' }, draft);
      expect(answer.location).toMatch(/^https:\/\/client\.test\/first\?code=/);
    });

    it('goes to the default, and the token request needs none either (RFC 6749 4.1.3)', async () => {
      const done = await answered(
        { redirect_uri: undefined, scope: 'read' },
        { ...draft, defaultRedirectUri: 'https://client.test/second' },
      );
      expect(done.answer.location).toMatch(/^https:\/\/client\.test\/second\?code=/);
      expect((await tokenRequest(done, {})).status).toBe(200);
    });

    it('takes the same one in the token request too, and no other', async () => {
      const done = await answered({ redirect_uri: undefined, scope: 'read' }, draft);
      expect((await tokenRequest(done, { redirect_uri: 'https://client.test/second' })).json()).toMatchObject({
        error: 'invalid_grant',
      });
      expect((await tokenRequest(done, { redirect_uri: 'https://client.test/first' })).status).toBe(200);
    });

    it('without scope takes the default scopes of the client, and says which (RFC 6749 3.3)', async () => {
      const done = await answered({ redirect_uri: undefined, scope: undefined }, draft);
      expect((await tokenRequest(done, {})).json<Tokens>().scope).toBe('read');
    });
  });

  it('each code is another one', async () => {
    const { browser, registered } = await answered({});
    const again = async (of: Browser) =>
      answerOf(await of.open(authorizeUrl(provider, authorizationRequest(registered.client).parameters))).get('code');
    expect(await again(browser)).not.toBe(await again(browser));
  });
});
