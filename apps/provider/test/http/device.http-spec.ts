import * as openid from 'openid-client';
import { deviceCodeGrant, type ClientDraft } from '@gatehouse/domain/oauth';
import { epochSeconds } from '@gatehouse/domain/kernel';
import { ManualClock } from '@gatehouse/platform/clock';
import { Browser, type Answer } from '../support/browser';
import { eventually } from '../support/eventually';
import { authorize, basic, post, startProvider, type TestProvider } from '../support/provider';
import { addResource } from '../support/resources';
import { SetClientState } from '../../src/clients/operations/set-client-state';

interface Codes {
  readonly device_code: string;
  readonly user_code: string;
  readonly verification_uri: string;
  readonly verification_uri_complete: string;
  readonly expires_in: number;
  readonly interval: number;
}

const television: Partial<ClientDraft> = {
  name: 'Television',
  type: 'public',
  authMethod: 'none',
  redirectUris: [],
  grantTypes: [deviceCodeGrant, 'refresh_token'],
  scope: ['openid', 'profile', 'offline_access', 'read'],
};

describe('the device grant (RFC 8628)', () => {
  let provider: TestProvider;
  let clientId: string;
  beforeAll(async () => {
    // By the real time at first, for the client that looks at it.
    provider = await startProvider({ clock: new ManualClock(epochSeconds(Math.floor(Date.now() / 1000))) });
    clientId = (await provider.addClient(television)).client.id;
  });
  afterAll(() => provider.close());

  const ask = (fields: Readonly<Record<string, string>> = {}) =>
    post(`${provider.base}/oauth/device`, { client_id: clientId, scope: 'openid profile', ...fields });
  const begin = async (fields: Readonly<Record<string, string>> = {}): Promise<Codes> =>
    (await ask(fields)).json<Codes>();
  const poll = (deviceCode: string, fields: Readonly<Record<string, string>> = {}): Promise<Answer> =>
    post(`${provider.base}/oauth/token`, {
      grant_type: deviceCodeGrant,
      device_code: deviceCode,
      client_id: clientId,
      ...fields,
    });
  const person = async (): Promise<Browser> => provider.logIn(await provider.addUser());
  /** Types the code; the consent page is open then. */
  async function type(browser: Browser, userCode: string): Promise<Answer> {
    await browser.open(`${provider.base}/device`);
    return browser.submit({ user_code: userCode });
  }
  async function approve(browser: Browser, userCode: string): Promise<Answer> {
    expect((await type(browser, userCode)).text).toContain(userCode);
    return browser.submit({ confirm: 'yes' });
  }

  it('works with openid-client', async () => {
    const config = await openid.discovery(new URL(provider.issuer), clientId, undefined, openid.None(), {
      execute: [openid.allowInsecureRequests],
    });
    const codes = await openid.initiateDeviceAuthorization(config, { scope: 'openid' });
    await approve(await person(), codes.user_code);
    const tokens = await openid.pollDeviceAuthorizationGrant(config, { ...codes, interval: 1 });
    expect(tokens.claims()?.iss).toBe(provider.issuer);
  });

  it('is in the metadata (4)', async () => {
    const metadata = (await new Browser().open(`${provider.base}/.well-known/oauth-authorization-server`)).json<
      Record<string, unknown>
    >();
    expect(metadata['device_authorization_endpoint']).toBe(`${provider.issuer}/oauth/device`);
    expect(metadata['grant_types_supported']).toContain(deviceCodeGrant);
  });

  it('answers with codes, addresses, lifetime and interval, and is not stored by anybody (3.2)', async () => {
    const answer = await ask();
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    const codes = answer.json<Codes>();
    expect(codes.user_code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    expect(codes).toMatchObject({
      verification_uri: `${provider.issuer}/device`,
      verification_uri_complete: `${provider.issuer}/device?user_code=${codes.user_code}`,
      expires_in: 600,
      interval: 5,
    });
  });

  it('stores neither code in a usable form', async () => {
    const codes = await begin();
    const rows = await provider.store.reader.query<object[]>('SELECT * FROM device_authorizations');
    const text = JSON.stringify(rows);
    expect(text).not.toContain(codes.user_code.replace('-', ''));
    expect(text).not.toContain(codes.device_code.split('.')[1]);
  });

  it('takes a confidential client by its own method, and rejects a wrong secret', async () => {
    const { client, secret } = await provider.addClient({
      ...television,
      type: 'confidential',
      authMethod: 'client_secret_basic',
    });
    const url = `${provider.base}/oauth/device`;
    expect((await post(url, {}, { Authorization: basic(client, secret) })).status).toBe(200);
    expect((await post(url, {}, { Authorization: basic(client, 'wrong') })).json()).toMatchObject({
      error: 'invalid_client',
    });
    expect((await post(url, { client_id: client.id })).json()).toMatchObject({ error: 'invalid_client' });
  });

  it.each([
    ['a scope that the client may not ask for', { scope: 'openid email' }, 'invalid_scope'],
    ['an API that is not there', { resource: 'https://nowhere.test/' }, 'invalid_target'],
    ['another client', { client_id: 'nobody' }, 'invalid_client'],
  ])('refuses %s', async (_what, fields, error) => {
    expect((await ask(fields)).json()).toMatchObject({ error });
  });

  it('rejects a client that is not registered for the grant type', async () => {
    const { client, secret } = await provider.addClient();
    const answer = await post(`${provider.base}/oauth/device`, {}, { Authorization: basic(client, secret) });
    expect(answer.json()).toMatchObject({ error: 'unauthorized_client' });
  });

  it('leads from the code over login and consent back to the device, whose next poll gets tokens (3.3, 3.5)', async () => {
    const user = await provider.addUser();
    const codes = await begin();
    expect((await poll(codes.device_code)).json()).toMatchObject({ error: 'authorization_pending' });
    const browser = new Browser();
    await type(browser, codes.user_code.toLowerCase().replace('-', ' '));
    expect(browser.address).toContain('/login?request=');
    expect(browser.page?.text).toContain('Television');
    await browser.submit({ username: user.username, password: user.password });
    expect(browser.address).toContain('/consent?request=');
    expect(browser.page?.text).toContain(codes.user_code);
    const done = await browser.submit({ confirm: 'yes' });
    expect(done.text).toContain('go back to your device');
    const answer = await poll(codes.device_code);
    expect(answer.status).toBe(200);
    expect(answer.json()).toMatchObject({ token_type: 'Bearer', scope: 'openid profile' });
    const { access_token: token } = answer.json<{ access_token: string }>();
    const me = await browser.send(`${provider.base}/oauth/userinfo`, { headers: { Authorization: `Bearer ${token}` } });
    expect(me.json()).toMatchObject({ sub: user.id });
    expect((await poll(codes.device_code)).json()).toMatchObject({ error: 'invalid_grant' });
  });

  it('asks for the second factor that the client requires', async () => {
    const { client } = await provider.addClient({ ...television, secondFactorRequired: true });
    const codes = await begin({ client_id: client.id });
    const browser = await person();
    await type(browser, codes.user_code);
    expect(browser.address).toContain('/login/factor?request=');
    await browser.submit({ action: 'decline' });
    expect((await poll(codes.device_code, { client_id: client.id })).json()).toMatchObject({ error: 'access_denied' });
  });

  it('asks each time, whatever was allowed before and however the client is registered (5.4)', async () => {
    const { client } = await provider.addClient({ ...television, consentRequired: false });
    const browser = await person();
    for (let round = 0; round < 2; round++) {
      const codes = await begin({ client_id: client.id });
      await type(browser, codes.user_code);
      expect(browser.address).toContain('/consent?request=');
      await browser.submit({ confirm: 'yes' });
    }
  });

  it('only fills in what verification_uri_complete brings, shows it as a QR code, and waits for the person (3.3.1)', async () => {
    const codes = await begin();
    const browser = await person();
    const page = await browser.open(codes.verification_uri_complete);
    expect(page.status).toBe(200);
    expect(page.text).toContain(`value="${codes.user_code}"`);
    expect(page.text).toContain('data:image/svg+xml;base64,');
    expect((await poll(codes.device_code)).json()).toMatchObject({ error: 'authorization_pending' });
    await browser.submit();
    expect(browser.address).toContain('/consent?request=');
  });

  it('ignores a form of another site (RFC 6749 10.12)', async () => {
    const codes = await begin();
    const browser = await person();
    await browser.open(`${provider.base}/device`);
    const answer = await browser.submit({ user_code: codes.user_code, csrf: 'forged' }, { without: ['csrf'] });
    expect(answer.status).toBe(403);
  });

  it('tells the device of a no (access_denied)', async () => {
    const codes = await begin();
    const browser = await person();
    await type(browser, codes.user_code);
    expect((await browser.submit({ confirm: 'no' })).text).toContain('Your device gets no access');
    const answer = await poll(codes.device_code);
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({ error: 'access_denied' });
  });

  it('accepts one decision; a second one is reported as late', async () => {
    const codes = await begin();
    const [one, two] = [await person(), await person()];
    await type(one, codes.user_code);
    await type(two, codes.user_code);
    await one.submit({ confirm: 'no' });
    expect((await two.submit({ confirm: 'yes' })).text).toContain('This code no longer works');
    expect((await poll(codes.device_code)).json()).toMatchObject({ error: 'access_denied' });
  });

  it('slows down who polls too often, by five seconds each time (3.5)', async () => {
    const codes = await begin();
    const errors: unknown[] = [];
    for (const wait of [0, 1, 9, 10, 14, 15]) {
      provider.clock.advance(wait);
      errors.push((await poll(codes.device_code)).json()['error']);
    }
    const [pending, slow] = ['authorization_pending', 'slow_down'];
    // Five seconds at first; ten after the second poll.
    expect(errors).toEqual([pending, slow, pending, pending, pending, pending]);
  });

  it('ends with its lifetime (expired_token), for the person too', async () => {
    const codes = await begin();
    provider.clock.advance(600);
    expect((await poll(codes.device_code)).json()).toMatchObject({ error: 'expired_token' });
    expect((await type(await person(), codes.user_code)).status).toBe(422);
  });

  it('rejects a code of another client, one that was never issued, and none', async () => {
    const codes = await begin();
    const other = (await provider.addClient(television)).client.id;
    expect((await poll(codes.device_code, { client_id: other })).json()).toMatchObject({ error: 'invalid_grant' });
    const changed = codes.device_code.slice(0, -1) + (codes.device_code.endsWith('A') ? 'E' : 'A');
    expect((await poll(changed)).json()).toMatchObject({ error: 'invalid_grant' });
    expect((await poll('')).json()).toMatchObject({ error: 'invalid_request' });
  });

  it('keeps what the device has when the person logs out of the browser', async () => {
    const codes = await begin({ scope: 'read' });
    const browser = await person();
    await approve(browser, codes.user_code);
    const { refresh_token: refreshToken } = (await poll(codes.device_code)).json<{ refresh_token: string }>();
    await browser.open(`${provider.base}/logout`);
    await browser.submit({ logout: 'yes' });
    const answer = await post(`${provider.base}/oauth/token`, {
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
      client_id: clientId,
    });
    expect(answer.status).toBe(200);
  });

  it('gives a token for the API that was asked for (RFC 8707)', async () => {
    await addResource(provider, { identifier: 'https://api.test/' });
    const codes = await begin({ scope: 'read', resource: 'https://api.test/' });
    await approve(await person(), codes.user_code);
    const { access_token: token } = (await poll(codes.device_code)).json<{ access_token: string }>();
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { aud: string };
    expect(claims.aud).toBe('https://api.test/');
  });

  it('ends if the client was disabled since', async () => {
    const { client } = await provider.addClient(television);
    const codes = await begin({ client_id: client.id });
    const browser = await person();
    await type(browser, codes.user_code);
    await provider.execute(SetClientState, { id: client.id, decision: 'disable' });
    // Every process knows within a second.
    const refused = await eventually(
      () => ask({ client_id: client.id }),
      ({ status }) => status === 401,
    );
    expect(refused.status).toBe(401);
    expect((await browser.submit({ confirm: 'yes' })).text).toContain('Your device gets no access');
    expect((await poll(codes.device_code, { client_id: client.id })).json()).toMatchObject({ error: 'invalid_client' });
  });

  it('leaves other flows to other clients', async () => {
    const registered = await provider.addClient();
    const { code } = await authorize(provider, await person(), registered.client);
    expect((await poll(code)).json()).toMatchObject({ error: 'invalid_grant' });
  });
});

describe('guesses of user codes (RFC 8628 5.1)', () => {
  let provider: TestProvider;
  beforeAll(async () => void (provider = await startProvider()));
  afterAll(() => provider.close());

  const guess = async (browser: Browser, userCode = 'BCDF-GHJK'): Promise<number> => {
    await browser.open(`${provider.base}/device`);
    return (await browser.submit({ user_code: userCode })).status;
  };

  it('are stopped by address, and not by what cannot be a code or is right', async () => {
    const browser = new Browser({ localAddress: '127.0.0.9' });
    const { client } = await provider.addClient(television);
    const codes = (await post(`${provider.base}/oauth/device`, { client_id: client.id })).json<Codes>();
    expect(await guess(browser, 'no code')).toBe(422);
    for (let tries = 0; tries < 30; tries++) expect(await guess(browser)).toBe(422);
    expect(await guess(browser)).toBe(429);
    // Right or wrong: nothing is learnt.
    expect(await guess(browser, codes.user_code)).toBe(429);
    expect(await guess(new Browser({ localAddress: '127.0.0.8' }), codes.user_code)).toBe(200);
  });

  it('without a session from many addresses lead to the login, after which the right code still works', async () => {
    const { client } = await provider.addClient(television);
    const codes = (await post(`${provider.base}/oauth/device`, { client_id: client.id })).json<Codes>();
    await provider.store.run((unit) =>
      unit.manager.query(
        `INSERT INTO login_failures (bucket, window_started_at, failures) VALUES ('vs', ${provider.clock.now()}, 1000)
         ON CONFLICT (bucket) DO UPDATE SET failures = 1000`,
      ),
    );
    const user = await provider.addUser();
    const browser = new Browser({ localAddress: '127.0.0.7' });
    await browser.open(`${provider.base}/device`);
    await browser.submit({ user_code: codes.user_code });
    expect(browser.address).toContain('/login?');
    await browser.submit({ username: user.username, password: user.password });
    expect(browser.address).toContain(`/device?user_code=${codes.user_code}`);
    await browser.submit();
    expect(browser.address).toContain('/consent?request=');
  });
});
