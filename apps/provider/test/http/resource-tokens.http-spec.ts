import type { Client, ResourceDraft } from '@gatehouse/domain/oauth';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { send, type Answer } from '../support/browser';
import { addResource as addResourceTo } from '../support/resources';
import { basic, post, startProvider, type TestProvider } from '../support/provider';

type Registered = { client: Client; secret: string };

describe('access tokens for an API', () => {
  let provider: TestProvider;
  let machine: Registered;
  const api = 'https://api.example/';

  beforeAll(async () => {
    provider = await startProvider();
    await addResource({ identifier: api, name: 'API' });
    machine = await addMachine();
  });
  afterAll(() => provider.close());

  const addResource = (draft: Partial<ResourceDraft> & Pick<ResourceDraft, 'identifier'>): Promise<Registered> =>
    addResourceTo(provider, draft);

  const addMachine = (serviceAccount = true): Promise<Registered> =>
    provider.addClient({
      grantTypes: ['client_credentials'],
      redirectUris: [],
      scope: ['read', 'write', 'other'],
      serviceAccount,
    });

  function token(client: Registered, parameters: string): Promise<Answer> {
    return send(`${provider.base}/oauth/token`, {
      method: 'POST',
      body: `grant_type=client_credentials&${parameters}`,
      headers: {
        'Content-Type': 'application/x-www-form-urlencoded',
        Authorization: basic(client.client, client.secret),
      },
    });
  }

  async function accessToken(parameters: string): Promise<string> {
    const answer = await token(machine, parameters);
    expect(answer.status).toBe(200);
    return answer.json<{ access_token: string }>().access_token;
  }

  const asks = async (who: Registered, text: string): Promise<Record<string, unknown>> =>
    (
      await post(`${provider.base}/oauth/introspect`, { token: text }, { Authorization: basic(who.client, who.secret) })
    ).json();

  it('are signed JWTs that an API checks by itself (RFC 9068 2, 4)', async () => {
    const answer = await token(machine, `scope=read+other&resource=${encodeURIComponent(api)}`);
    expect(answer.json()).toMatchObject({ token_type: 'Bearer', expires_in: 3600, scope: 'read' });
    const { payload, protectedHeader } = await jwtVerify(
      answer.json<{ access_token: string }>().access_token,
      createRemoteJWKSet(new URL(`${provider.base}/.well-known/jwks.json`)),
      { issuer: provider.issuer, audience: api, typ: 'at+jwt', currentDate: new Date(provider.clock.now() * 1000) },
    );
    expect(protectedHeader).toMatchObject({ alg: 'ES256', kid: expect.any(String) as unknown });
    expect(payload).toEqual({
      iss: provider.issuer,
      sub: machine.client.id,
      aud: api,
      client_id: machine.client.id,
      scope: 'read',
      jti: expect.any(String) as unknown,
      iat: provider.clock.now(),
      exp: provider.clock.now() + 3600,
    });
  });

  it('are opaque, short-lived and differently signed as the API requires', async () => {
    await addResource({ identifier: 'urn:opaque', tokenFormat: 'opaque', accessTokenLifetimeSeconds: 60 });
    await addResource({ identifier: 'urn:eddsa', signingAlgorithm: 'EdDSA' });
    const opaque = await token(machine, 'scope=read&resource=urn:opaque');
    expect(opaque.json()).toMatchObject({
      expires_in: 60,
      access_token: expect.stringMatching(/^[^.]+\.[^.]+$/) as unknown,
    });
    const signed = await accessToken('scope=read&resource=urn:eddsa');
    expect(JSON.parse(Buffer.from(signed.split('.')[0] ?? '', 'base64url').toString())).toMatchObject({ alg: 'EdDSA' });
  });

  it('may be for several APIs that take the same tokens (RFC 8707 2)', async () => {
    await addResource({ identifier: 'urn:second', accessTokenLifetimeSeconds: 60 });
    const two = `resource=${encodeURIComponent(api)}&resource=urn:second`;
    const text = await accessToken(`scope=read&${two}`);
    expect(JSON.parse(Buffer.from(text.split('.')[1] ?? '', 'base64url').toString())).toMatchObject({
      aud: [api, 'urn:second'],
      exp: provider.clock.now() + 60,
    });
    await addResource({ identifier: 'urn:other-kind', tokenFormat: 'opaque' });
    const mixed = await token(machine, `scope=read&resource=urn:second&resource=urn:other-kind`);
    expect([mixed.status, mixed.json()['error']]).toEqual([400, 'invalid_target']);
  });

  it.each([
    ['an API that is not there', 'resource=https://nowhere.example/'],
    ['a relative one', 'resource=/api'],
    ['one with a fragment', 'resource=https://api.example/%23a'],
    ['eleven', Array.from({ length: 11 }, (_, n) => `resource=urn:${n}`).join('&')],
  ])('are refused for %s with invalid_target', async (_name, parameters) => {
    const answer = await token(machine, parameters);
    expect([answer.status, answer.json()['error']]).toEqual([400, 'invalid_target']);
  });

  it('are for a client itself only where an administrator lets it, or the API lets anyone', async () => {
    const stranger = await addMachine(false);
    const refused = await token(stranger, `scope=read&resource=${encodeURIComponent(api)}`);
    expect([refused.status, refused.json()['error']]).toEqual([400, 'invalid_target']);
    await addResource({ identifier: 'urn:anyone', access: 'anyone' });
    expect((await token(stranger, 'scope=read&resource=urn:anyone')).status).toBe(200);
  });

  it('open nothing at our own endpoints (RFC 9068 4)', async () => {
    await addResource({ identifier: 'urn:not-here', tokenFormat: 'opaque' });
    for (const resource of ['urn:not-here', api]) {
      const text = await accessToken(`scope=read&resource=${encodeURIComponent(resource)}`);
      const answer = await send(`${provider.base}/api/me`, { headers: { Authorization: `Bearer ${text}` } });
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toContain('invalid_token');
    }
  });

  describe('that the API asks about', () => {
    it.each(['jwt', 'opaque'])('are told of, %s, where they are for it, and of no others', async (tokenFormat) => {
      const identifier = `urn:asking:${tokenFormat}`;
      const asking = await addResource({ identifier, tokenFormat });
      const other = await addResource({ identifier: `urn:other:${tokenFormat}`, tokenFormat });
      const text = await accessToken(`scope=read&resource=${identifier}`);
      expect(await asks(asking, text)).toEqual({
        active: true,
        iss: provider.issuer,
        client_id: machine.client.id,
        aud: identifier,
        scope: 'read',
        token_type: 'Bearer',
        iat: provider.clock.now(),
        exp: provider.clock.now() + 3600,
      });
      expect(await asks(other, text)).toEqual({ active: false });
      expect(await asks(asking, await accessToken('scope=read'))).toEqual({ active: false });
      expect(await asks(machine, text)).toMatchObject({ active: true, aud: identifier });
    });

    it('are over when they were revoked, though their signature is good (RFC 7009)', async () => {
      const asking = await addResource({ identifier: 'urn:revoked' });
      const text = await accessToken('scope=read&resource=urn:revoked');
      expect(await asks(asking, text)).toMatchObject({ active: true });
      const revoke = await post(
        `${provider.base}/oauth/revoke`,
        { token: text },
        { Authorization: basic(machine.client, machine.secret) },
      );
      expect(revoke.status).toBe(200);
      expect(await asks(asking, text)).toEqual({ active: false });
    });

    it('are over when they were changed, and the id inside a JWT is no token', async () => {
      const asking = await addResource({ identifier: 'urn:changed' });
      const text = await accessToken('scope=read&resource=urn:changed');
      const [header, payload, signature] = text.split('.') as [string, string, string];
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { jti: string };
      const more = Buffer.from(JSON.stringify({ ...claims, scope: 'read write' })).toString('base64url');
      expect(await asks(asking, `${header}.${more}.${signature}`)).toEqual({ active: false });
      expect(await asks(asking, claims.jti)).toEqual({ active: false });
    });
  });

  it('are never given to the credentials of an API', async () => {
    const credentials = await addResource({ identifier: 'urn:asks-only' });
    const answer = await token(credentials, 'scope=read');
    expect([answer.status, answer.json()['error']]).toEqual([400, 'unauthorized_client']);
  });
});
