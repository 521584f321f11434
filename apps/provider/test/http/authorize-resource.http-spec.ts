import type { Client } from '@gatehouse/domain/oauth';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { Browser } from '../support/browser';
import { send, type Answer } from '../support/browser';
import { addResource } from '../support/resources';
import {
  answerOf,
  authorizationRequest,
  authorize,
  authorizeUrl,
  basic,
  post,
  redeem,
  startProvider,
  type TestProvider,
} from '../support/provider';

describe('resource in an authorization request (RFC 8707 2)', () => {
  let provider: TestProvider;
  let registered: { client: Client; secret: string };
  let browser: Browser;
  let person: Awaited<ReturnType<TestProvider['addUser']>>;
  const api = 'https://api.example/';

  beforeAll(async () => {
    provider = await startProvider();
    await addResource(provider, { identifier: api, name: 'Documents' });
    await addResource(provider, { identifier: 'urn:second' });
    await addResource(provider, { identifier: 'urn:opaque', tokenFormat: 'opaque' });
    person = await provider.addUser();
    browser = await provider.logIn(person);
    registered = await provider.addClient({ scope: ['openid', 'offline_access', 'read', 'write'] });
  });
  afterAll(() => provider.close());

  const ask = (overrides: Record<string, string | undefined>, more = ''): Promise<Answer> =>
    browser.open(authorizeUrl(provider, authorizationRequest(registered.client, overrides).parameters) + more);

  async function tokens(
    overrides: Record<string, string>,
    redeeming: Record<string, string> = {},
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    const { code, verifier } = await authorize(provider, browser, registered.client, overrides);
    const answer = await redeem(provider, registered, code, verifier, redeeming);
    return { status: answer.status, body: answer.json() };
  }

  const refresh = (token: unknown, more: Record<string, string> = {}): Promise<Answer> =>
    post(
      `${provider.base}/oauth/token`,
      { grant_type: 'refresh_token', refresh_token: String(token), ...more },
      { Authorization: basic(registered.client, registered.secret) },
    );

  it('names the API and what its scopes mean on the consent page', async () => {
    const page = await ask({ scope: 'openid read', resource: api });
    expect(page.text).toContain('Documents');
    expect(page.text).toContain('Read your documents');
    expect(page.text).toContain(api);
  });

  it('gives a JWT of the person for that API, with the scopes that mean something there', async () => {
    const { body } = await tokens({ scope: 'openid read', resource: api });
    expect(body['scope']).toBe('read');
    expect(body).toHaveProperty('id_token');
    const text = String(body['access_token']);
    expect(decodeProtectedHeader(text)).toMatchObject({ typ: 'at+jwt', alg: 'ES256' });
    expect(decodeJwt(text)).toMatchObject({
      sub: person.id,
      aud: api,
      client_id: registered.client.id,
      scope: 'read',
      auth_time: provider.clock.now(),
    });
    const userinfo = await send(`${provider.base}/oauth/userinfo`, { headers: { Authorization: `Bearer ${text}` } });
    expect(userinfo.status).toBe(401);
  });

  it('asks again for another API, though the scope was allowed at the first', async () => {
    await tokens({ scope: 'openid read', resource: api });
    const silent = await ask({ scope: 'openid read', resource: 'urn:second', prompt: 'none' });
    expect(answerOf(silent).get('error')).toBe('consent_required');
    const again = await ask({ scope: 'openid read', resource: api, prompt: 'none' });
    expect(answerOf(again).get('code')).not.toBeNull();
  });

  it('remembers scopes per API: two consents do not add up to a third one', async () => {
    const another = await provider.addClient({ scope: ['openid', 'read', 'write'] });
    const askAs = (scope: string, resource?: string, prompt?: string): Promise<Answer> =>
      browser.open(
        authorizeUrl(provider, authorizationRequest(another.client, { scope, resource, prompt }).parameters),
      );
    for (const [scope, resource] of [
      ['openid read', api],
      ['openid write', 'urn:second'],
    ] as const) {
      expect((await askAs(scope, resource)).status).toBe(200);
      expect(answerOf(await browser.submit({ confirm: 'yes' })).get('code')).not.toBeNull();
    }
    const silently = async (scope: string, resource?: string): Promise<string> => {
      const parameters = answerOf(await askAs(scope, resource, 'none'));
      return parameters.get('error') ?? (parameters.has('code') ? 'code' : 'nothing');
    };
    expect(await silently('openid read', api)).toBe('code');
    expect(await silently('openid write', 'urn:second')).toBe('code');
    // What belongs to this server is remembered once.
    expect(await silently('openid')).toBe('code');
    expect(await silently('openid write', api)).toBe('consent_required');
    expect(await silently('openid read', 'urn:second')).toBe('consent_required');
    expect(await silently('openid read')).toBe('consent_required');
    expect(await silently('openid read write', api)).toBe('consent_required');
  });

  it.each([
    ['an unknown one', 'https://nowhere.example/'],
    ['a relative one', '/api'],
    ['one with a fragment', `${api}#a`],
  ])('is answered with invalid_target for %s', async (_name, resource) => {
    const parameters = answerOf(await ask({ scope: 'openid read', resource }));
    expect(parameters.get('error')).toBe('invalid_target');
    expect(parameters.get('state')).toBe('some-state');
    expect(parameters.get('iss')).toBe(provider.issuer);
  });

  it('is rejected where two of them take different tokens', async () => {
    const answer = await ask({ scope: 'openid read', resource: api }, '&resource=urn:opaque');
    expect(answerOf(answer).get('error')).toBe('invalid_target');
  });

  it('may come several times, and the token request narrows to one (RFC 8707 2.2)', async () => {
    const request = authorizationRequest(registered.client, { scope: 'openid read write', resource: api });
    let answer = await browser.open(`${authorizeUrl(provider, request.parameters)}&resource=urn:second`);
    if (answer.status === 200) answer = await browser.submit({ confirm: 'yes' });
    const code = answerOf(answer).get('code') ?? '';
    const narrowed = await redeem(provider, registered, code, request.proof.verifier, { resource: 'urn:second' });
    expect(decodeJwt(narrowed.json<{ access_token: string }>().access_token).aud).toBe('urn:second');
  });

  it('is kept through a refresh, narrowed there, and never widened', async () => {
    const { body } = await tokens({ scope: 'openid offline_access read', resource: api });
    const first = await refresh(body['refresh_token']);
    expect(decodeJwt(first.json<{ access_token: string }>().access_token).aud).toBe(api);
    const wider = await refresh(first.json()['refresh_token'], { resource: 'urn:second' });
    expect([wider.status, wider.json()['error']]).toEqual([400, 'invalid_target']);
    expect((await refresh(first.json()['refresh_token'], { resource: api })).status).toBe(200);
  });

  it('cannot be added at the token endpoint alone', async () => {
    const { status, body } = await tokens({ scope: 'openid read' }, { resource: api });
    expect([status, body['error']]).toEqual([400, 'invalid_target']);
  });

  it('gives an opaque token where the API takes that', async () => {
    const { body } = await tokens({ scope: 'openid read', resource: 'urn:opaque' });
    expect(String(body['access_token']).split('.')).toHaveLength(2);
  });

  it('survives a POST and the login page', async () => {
    const { parameters, proof } = authorizationRequest(registered.client, { scope: 'openid read', resource: api });
    const posted = await browser.send(`${provider.base}/oauth/authorize`, {
      method: 'POST',
      body: `${new URLSearchParams(parameters as Record<string, string>).toString()}&resource=urn:second`,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    });
    let answer = await browser.open(posted.location ?? '');
    if (answer.status === 200) answer = await browser.submit({ confirm: 'yes' });
    const body = (await redeem(provider, registered, answerOf(answer).get('code') ?? '', proof.verifier)).json();
    expect(decodeJwt(String(body['access_token'])).aud).toEqual([api, 'urn:second']);
  });
});
