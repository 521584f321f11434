import { send, type Answer } from '../support/browser';
import { epochSeconds } from '@gatehouse/domain/kernel';
import { basic, post, startProvider, type TestProvider } from '../support/provider';
import { eventually } from '../support/eventually';
import type { Registered } from '../support/tokens';
import { RotateClientSecret } from '../../src/clients/operations/rotate-client-secret';
import { DeleteClient } from '../../src/clients/operations/delete-client';

const machine = {
  grantTypes: ['client_credentials'],
  redirectUris: [],
  scope: ['read', 'write'],
  defaultScope: ['read'],
};

describe('client authentication at the token endpoint', () => {
  let provider: TestProvider;
  beforeAll(async () => (provider = await startProvider()));
  afterAll(() => provider.close());

  const ask = (fields: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}) =>
    post(`${provider.issuer}/oauth/token`, { grant_type: 'client_credentials', ...fields }, headers);
  const byBasic = (text: string) => ({ Authorization: `Basic ${Buffer.from(text).toString('base64')}` });

  function expectRefused(answer: Answer, error: string, status: number): void {
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.json()).toEqual({
      error,
      error_description: expect.stringMatching(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/) as unknown,
    });
  }

  it('takes client_secret_basic (RFC 6749 2.3.1)', async () => {
    const { client, secret } = await provider.addClient(machine);
    const answer = await ask({}, { Authorization: basic(client, secret) });
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.json()).toEqual({
      access_token: expect.any(String) as unknown,
      token_type: 'Bearer',
      expires_in: 3600,
      scope: 'read',
    });
  });

  it('takes the scheme in any case, and the same client_id in the body', async () => {
    const { client, secret } = await provider.addClient(machine);
    expect(
      (await ask({ client_id: client.id }, { Authorization: basic(client, secret).replace('Basic', 'bASIC') })).status,
    ).toBe(200);
  });

  it('takes client_secret_post', async () => {
    const { client, secret } = await provider.addClient({ ...machine, authMethod: 'client_secret_post' });
    expect((await ask({ client_id: client.id, client_secret: secret })).status).toBe(200);
  });

  it('takes the client_id alone of a public client, for its own grant types', async () => {
    const { client } = await provider.addClient({ type: 'public', authMethod: 'none' });
    expectRefused(
      await ask({ client_id: client.id, grant_type: 'authorization_code', code: 'x' }),
      'invalid_grant',
      400,
    );
  });

  describe('returns invalid_client, 401, with a Basic challenge (RFC 6749 5.2)', () => {
    it.each<[string, (of: Registered) => Record<string, string>]>([
      ['a wrong secret', ({ client }) => ({ Authorization: basic(client, 'wrong') })],
      ['an empty secret', ({ client }) => byBasic(`${client.id}:`)],
      ['an unknown client', ({ secret }) => byBasic(`nobody:${secret}`)],
      ['no colon', ({ client }) => byBasic(client.id)],
      ['what is no base64', () => ({ Authorization: 'Basic !!!' })],
      ['nothing after Basic', () => ({ Authorization: 'Basic' })],
      ['a NUL in the client_id', () => byBasic('%00:x')],
      ['broken percent-encoding', () => byBasic('%zz:x')],
    ])('%s', async (_name, headers) => {
      const answer = await ask({}, headers(await provider.addClient(machine)));
      expectRefused(answer, 'invalid_client', 401);
      expect(answer.headers['www-authenticate']).toMatch(/^Basic realm="/);
    });

    it('another scheme than Basic', async () => {
      const answer = await ask({}, { Authorization: 'Bearer x' });
      expectRefused(answer, 'invalid_client', 401);
      expect(answer.headers['www-authenticate']).toMatch(/^Basic realm="/);
    });
  });

  describe('returns invalid_client, 401, without the header, and says what works here (RFC 9110 15.5.2)', () => {
    it('no credentials at all', async () => {
      const answer = await ask({});
      expectRefused(answer, 'invalid_client', 401);
      expect(answer.headers['www-authenticate']).toMatch(/^Basic realm="/);
    });

    it('a wrong secret in the body', async () => {
      const { client } = await provider.addClient({ ...machine, authMethod: 'client_secret_post' });
      expectRefused(await ask({ client_id: client.id, client_secret: 'wrong' }), 'invalid_client', 401);
    });

    it('a secret in the body without client_id', async () => {
      expectRefused(await ask({ client_secret: 'x' }), 'invalid_client', 401);
    });

    it('the client_id alone of a confidential client', async () => {
      const { client } = await provider.addClient(machine);
      expectRefused(await ask({ client_id: client.id }), 'invalid_client', 401);
    });
  });

  it('rejects a method that the client is not registered for', async () => {
    const { client, secret } = await provider.addClient(machine);
    expectRefused(await ask({ client_id: client.id, client_secret: secret }), 'invalid_client', 401);
    const other = await provider.addClient({ ...machine, authMethod: 'client_secret_post' });
    expectRefused(await ask({}, { Authorization: basic(other.client, other.secret) }), 'invalid_client', 401);
  });

  it('rejects a public client that sends a secret', async () => {
    const { client } = await provider.addClient({ type: 'public', authMethod: 'none' });
    expectRefused(await ask({ client_id: client.id, client_secret: 'x' }), 'invalid_client', 401);
    expectRefused(await ask({}, { Authorization: basic(client, '') }), 'invalid_client', 401);
  });

  it('returns invalid_request to two methods at once (RFC 6749 2.3)', async () => {
    const { client, secret } = await provider.addClient(machine);
    expectRefused(
      await ask({ client_id: client.id, client_secret: secret }, { Authorization: basic(client, secret) }),
      'invalid_request',
      400,
    );
  });

  it('returns invalid_request to a client_id in the body that is not that of the header', async () => {
    const { client, secret } = await provider.addClient(machine);
    expectRefused(await ask({ client_id: 'other' }, { Authorization: basic(client, secret) }), 'invalid_request', 400);
  });

  it('never reads credentials from the query (RFC 6749 2.3.1)', async () => {
    const { client, secret } = await provider.addClient({ ...machine, authMethod: 'client_secret_post' });
    const query = new URLSearchParams({
      client_id: client.id,
      client_secret: secret,
      grant_type: 'client_credentials',
    }).toString();
    expectRefused(await post(`${provider.issuer}/oauth/token?${query}`, {}), 'invalid_client', 401);
  });

  it('returns invalid_client for a disabled or deleted client', async () => {
    const off = await provider.addClient({ ...machine, disabledAt: epochSeconds(1) });
    expectRefused(await ask({}, { Authorization: basic(off.client, off.secret) }), 'invalid_client', 401);
    const gone = await provider.addClient(machine);
    expect((await ask({}, { Authorization: basic(gone.client, gone.secret) })).status).toBe(200);
    await provider.execute(DeleteClient, { id: gone.client.id });
    const refused = await eventually(
      () => ask({}, { Authorization: basic(gone.client, gone.secret) }),
      (answer) => answer.status !== 200,
    );
    expectRefused(refused, 'invalid_client', 401);
  });

  it('takes the old secret for the overlap after a rotation, and then the new one alone', async () => {
    const made = await provider.addClient(machine);
    const { client } = made;
    const fresh = await provider.execute(RotateClientSecret, { id: client.id, overlapSeconds: 100 });
    expect((await ask({}, { Authorization: basic(client, fresh ?? '') })).status).toBe(200);
    expect((await ask({}, { Authorization: basic(client, made.secret) })).status).toBe(200);
    provider.clock.advance(101);
    expectRefused(await ask({}, { Authorization: basic(client, made.secret) }), 'invalid_client', 401);
    expect((await ask({}, { Authorization: basic(client, fresh ?? '') })).status).toBe(200);
  });

  it('is never throttled: a thousand wrong secrets do not lock the client out', async () => {
    const { client, secret } = await provider.addClient(machine);
    for (let round = 0; round < 10; round++) {
      const answers = await Promise.all(
        Array.from({ length: 100 }, () => ask({}, { Authorization: basic(client, 'wrong') })),
      );
      expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([401]));
    }
    expect((await ask({}, { Authorization: basic(client, secret) })).status).toBe(200);
  });

  it('answers GET with an error, never with a token (RFC 6749 3.2)', async () => {
    const { client, secret } = await provider.addClient(machine);
    const answer = await send(`${provider.issuer}/oauth/token?grant_type=client_credentials`, {
      headers: { Authorization: basic(client, secret), Accept: 'application/json' },
    });
    expect([404, 405]).toContain(answer.status);
    expect(answer.text).not.toContain('access_token');
  });
});
