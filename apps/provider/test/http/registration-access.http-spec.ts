import { send } from '../support/browser';
import { startProvider, type TestProvider } from '../support/provider';
import { register, registered } from '../support/registration';

const redirects = { redirect_uris: ['https://client.test/cb'] };
const throttleOff = { GATEHOUSE_THROTTLE: 'off' };

describe('POST /oauth/register by initial access token', () => {
  const secret = 'initial-access-token-of-the-settings-0123456789';
  let provider: TestProvider;
  beforeAll(async () => {
    provider = await startProvider({ env: { GATEHOUSE_INITIAL_ACCESS_TOKEN: secret, ...throttleOff } });
  });
  afterAll(() => provider.close());

  it('is how it is where nothing is set, and challenges who sends none (RFC 6750 3)', async () => {
    const answer = await register(provider, redirects);
    expect([answer.status, answer.json()['error']]).toEqual([401, 'invalid_token']);
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="gatehouse"');
  });

  it.each(['Bearer wrong', `Basic ${secret}`, `Bearer ${secret}x`, 'Bearer', ''])(
    'refuses %j',
    async (authorization) => {
      const answer = await register(provider, redirects, { headers: { Authorization: authorization } });
      expect([answer.status, answer.json()['error']]).toEqual([401, 'invalid_token']);
      expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
    },
  );

  it('takes the token of the settings any number of times', async () => {
    for (let n = 0; n < 3; n++)
      expect((await register(provider, redirects, { headers: { Authorization: `Bearer ${secret}` } })).status).toBe(
        201,
      );
  });
});

describe('POST /oauth/register, off', () => {
  it('returns 404 and is not in the metadata', async () => {
    const provider = await startProvider({ env: { GATEHOUSE_REGISTRATION: 'off' } });
    try {
      const answer = await register(provider, redirects);
      expect([answer.status, answer.json()['error']]).toEqual([404, 'registration_not_supported']);
      expect((await send(`${provider.base}/oauth/register/x`)).status).toBe(404);
      const metadata = (await send(`${provider.base}/.well-known/openid-configuration`)).json();
      expect(metadata).not.toHaveProperty('registration_endpoint');
    } finally {
      await provider.close();
    }
  });
});

describe('the limits of registration', () => {
  it('refuse past the rate of an address with 429 and Retry-After', async () => {
    const provider = await startProvider({
      env: { GATEHOUSE_REGISTRATION: 'open', GATEHOUSE_REGISTRATION_RATE: '2/600' },
    });
    try {
      const ask = (localAddress: string, host: string) =>
        register(provider, { redirect_uris: [`https://${host}/cb`] }, { localAddress });
      expect((await ask('127.0.0.1', 'a.test')).status).toBe(201);
      provider.clock.advance(60);
      expect((await ask('127.0.0.1', 'b.test')).status).toBe(201);
      const answer = await ask('127.0.0.1', 'c.test');
      expect(answer.status).toBe(429);
      expect(Number(answer.headers['retry-after'])).toBe(540);
      expect(answer.json()['error']).toBe('temporarily_unavailable');
      // Another address has a rate of its own; a redirect host has one too, wherever the registrations come from.
      expect((await ask('127.0.0.2', 'a.test')).status).toBe(201);
      expect((await ask('127.0.0.3', 'a.test')).status).toBe(429);
      provider.clock.advance(541);
      expect((await ask('127.0.0.1', 'c.test')).status).toBe(201);
      // A rejected one that said something wrong costs nothing.
      const wrong = await register(provider, { redirect_uris: ['x'] }, { localAddress: '127.0.0.4' });
      expect(wrong.status).toBe(400);
    } finally {
      await provider.close();
    }
  });

  it('refuse one more unapproved client than the quota of an address', async () => {
    const provider = await startProvider({
      env: { GATEHOUSE_REGISTRATION: 'open', GATEHOUSE_REGISTRATION_QUOTA: '2' },
    });
    try {
      const first = await registered(provider);
      await registered(provider);
      expect((await register(provider, redirects)).status).toBe(429);
      await send(first.registration_client_uri, {
        method: 'DELETE',
        headers: { Authorization: `Bearer ${first.registration_access_token}` },
      });
      await registered(provider);
    } finally {
      await provider.close();
    }
  });
});
