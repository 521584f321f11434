import { createHmac, randomUUID } from 'node:crypto';
import type { Browser, Page } from '../support/browser.js';
import { adminPassword, startClient, type TestClient } from '../support/start-client.js';

const event = 'http://schemas.openid.net/event/backchannel-logout';

describe('logout from the provider (OpenID Connect Back-Channel Logout 1.0)', () => {
  let client: TestClient;

  beforeEach(async () => {
    client = await startClient();
  });
  afterEach(() => client.stop());

  /** A person logged in, in the provider's session of this name. */
  async function logIn(sub: string, sid: string): Promise<Browser> {
    Object.assign(client.provider.behaviour.claims, { sid });
    client.provider.behaviour.claims['sub'] = sub;
    client.provider.behaviour.userinfo = { sub, preferred_username: sub };
    const browser = client.browser();
    await browser.logIn(`/login/${client.providerId}`);
    expect(await isLoggedIn(browser)).toBe(true);
    return browser;
  }
  const isLoggedIn = async (browser: Browser): Promise<boolean> =>
    (await browser.context('/')).body.includes('Signed in as');

  const claims = (overrides: Record<string, unknown> = {}): Record<string, unknown> => ({
    iss: client.provider.issuer,
    aud: client.provider.clientId,
    sub: 'user-1',
    iat: client.clock.now(),
    exp: client.clock.now() + 120,
    jti: randomUUID(),
    events: { [event]: {} },
    ...overrides,
  });

  /** As a provider sends it: without a cookie, an Origin or a token of ours. */
  const send = (form: Record<string, string>): Promise<Page> =>
    client.browser().request('POST', '/logout/backchannel', { form, headers: { Origin: client.provider.issuer } });
  const tell = (overrides: Record<string, unknown> = {}, header: Record<string, unknown> = {}): Promise<Page> =>
    send({ logout_token: client.provider.signed(claims(overrides), { typ: 'logout+jwt', ...header }) });

  it('ends the session that is named, and no other', async () => {
    const [here, there] = [await logIn('user-1', 'one'), await logIn('user-1', 'two')];
    const answer = await tell({ sid: 'one' });
    expect([answer.status, answer.headers['cache-control']]).toEqual([200, 'no-store']);
    expect([await isLoggedIn(here), await isLoggedIn(there)]).toEqual([false, true]);
    expect((await tell({ sid: 'never' })).status).toBe(200);
    expect(await isLoggedIn(there)).toBe(true);
  });

  it('ends every session of the person where none is named (2.7)', async () => {
    const [one, two, other] = [await logIn('user-1', 'a'), await logIn('user-1', 'b'), await logIn('user-2', 'c')];
    expect((await tell()).status).toBe(200);
    expect(await Promise.all([one, two, other].map(isLoggedIn))).toEqual([false, false, true]);
  });

  it('takes a token once', async () => {
    const token = client.provider.signed(claims({ sid: 'one' }), { typ: 'logout+jwt' });
    expect((await send({ logout_token: token })).status).toBe(200);
    const browser = await logIn('user-1', 'one');
    const again = await Promise.all(Array.from({ length: 5 }, () => send({ logout_token: token })));
    expect(again.map(({ status }) => status)).toEqual([400, 400, 400, 400, 400]);
    expect(await isLoggedIn(browser)).toBe(true);
  });

  it.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['of another issuer', { iss: 'https://elsewhere.test' }, {}],
    ['for another client', { aud: 'somebody-else' }, {}],
    ['that has expired', { exp: 1 }, {}],
    ['from the future', { iat: 1e12 }, {}],
    ['without an id', { jti: undefined }, {}],
    ['without the event', { events: { 'http://schemas.openid.net/event/other': {} } }, {}],
    ['with a nonce: an ID token is none', { nonce: 'n' }, {}],
    ['of nobody', { sub: undefined, sid: undefined }, {}],
    ['of another type', {}, { typ: 'JWT' }],
    ['by a key that nobody published', {}, { kid: 'other' }],
    ['with an extension that must be understood', {}, { crit: ['exp'] }],
  ])('refuses one %s (2.6)', async (_name, overrides, header) => {
    const browser = await logIn('user-1', 'one');
    const answer = await tell({ sid: 'one', ...overrides }, header);
    expect([answer.status, (JSON.parse(answer.body) as Record<string, unknown>)['error']]).toEqual([
      400,
      'invalid_request',
    ]);
    expect(await isLoggedIn(browser)).toBe(true);
  });

  it('refuses what nobody signed, or somebody else did', async () => {
    const browser = await logIn('user-1', 'one');
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const payload = part(claims({ sid: 'one' }));
    const byMac = `${part({ alg: 'HS256', typ: 'logout+jwt' })}.${payload}`;
    const mac = createHmac('sha256', client.provider.clientSecret).update(byMac).digest('base64url');
    for (const logout_token of [
      '',
      'x',
      'a.b.c',
      'x'.repeat(12_000),
      `${part({ alg: 'none' })}.${payload}.`,
      `${byMac}.${mac}`,
    ])
      expect((await send({ logout_token })).status).toBe(400);
    expect((await send({})).status).toBe(400);
    client.provider.behaviour.signature = 'wrong';
    expect((await tell({ sid: 'one' })).status).toBe(400);
    expect(await isLoggedIn(browser)).toBe(true);
  });

  describe('is signed with the algorithm that was agreed for ID tokens (2.4)', () => {
    const configure = async (id_token_algorithm: string): Promise<void> => {
      const admin = client.browser();
      await admin.context('/providers');
      await admin.submit('/providers/unlock', { password: adminPassword, next: '/providers' });
      await admin.context(`/providers/update/${client.providerId}`);
      const saved = await admin.submit(`/providers/update/${client.providerId}`, {
        name: 'Gatehouse',
        issuer: client.provider.issuer,
        client_id: client.provider.clientId,
        client_secret: '',
        scope: 'openid profile',
        id_token_algorithm,
      });
      expect(saved.url.pathname).toBe('/providers');
      const form = await admin.context(`/providers/update/${client.providerId}`);
      expect(form.body).toContain(`<option value="${id_token_algorithm}" selected>`);
    };
    const offer = (id_token_signing_alg_values_supported: unknown): void => {
      client.provider.behaviour.metadataOverride = { id_token_signing_alg_values_supported };
      // Past what is remembered of metadata and keys.
      client.clock.advance(700);
    };

    it.each<[string, unknown, 'ES256' | 'RS256', number]>([
      ['RS256 where it is offered', ['ES256', 'RS256'], 'RS256', 200],
      [
        'nothing else where RS256 is offered, although the provider offers and signed it',
        ['ES256', 'RS256'],
        'ES256',
        400,
      ],
      ['RS256 where nothing is offered', undefined, 'RS256', 200],
      ['nothing else where nothing is offered', undefined, 'ES256', 400],
      ['what is offered where RS256 is not', ['ES256'], 'ES256', 200],
      ['nothing else where RS256 is not offered', ['ES256'], 'RS256', 400],
      ['RS256 where what is offered is malformed', 'ES256', 'RS256', 200],
    ])('by default: %s', async (_name, offered, algorithm, status) => {
      offer(offered);
      client.provider.behaviour.algorithm = algorithm;
      expect((await tell({ sid: 'one' })).status).toBe(status);
    });

    it.each<['ES256' | 'RS256', 'ES256' | 'RS256', number]>([
      ['ES256', 'ES256', 200],
      ['ES256', 'RS256', 400],
      ['RS256', 'RS256', 200],
      ['RS256', 'ES256', 400],
    ])('where %s is configured: %s is answered by %d', async (configured, algorithm, status) => {
      offer(['RS256', 'ES256']);
      await configure(configured);
      client.provider.behaviour.algorithm = algorithm;
      expect((await tell({ sid: 'one' })).status).toBe(status);
    });

    it('as ID tokens are where it is configured: others log nobody in', async () => {
      offer(['RS256', 'ES256']);
      await configure('ES256');
      client.provider.behaviour.algorithm = 'RS256';
      expect((await client.browser().logIn(`/login/${client.providerId}`)).body).toContain('provider.invalid_answer');
      client.provider.behaviour.algorithm = 'ES256';
      expect((await client.browser().logIn(`/login/${client.providerId}`)).body).toContain('Signed in as');
    });

    it('refuses a name that is no algorithm, or one with a shared secret', async () => {
      for (const wrong of ['HS256', 'none', 'x']) await expect(configure(wrong)).rejects.toThrow();
    });
  });

  it('has it sent again where the keys cannot be had; strangers cannot make us ask for them at will', async () => {
    client.provider.behaviour.away = true;
    const answers = await Promise.all(Array.from({ length: 10 }, () => tell({ sid: 'one' })));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 503));
    client.provider.behaviour.away = false;
    expect((await tell({ sid: 'one' })).status).toBe(503);
    client.clock.advance(5);
    expect((await tell({ sid: 'one' })).status).toBe(200);
    const before = client.provider.requests.filter((each) => each === 'GET /jwks').length;
    for (let time = 0; time < 20; time += 1) await tell({ sid: 'one' }, { kid: `made-up-${time}` });
    expect(client.provider.requests.filter((each) => each === 'GET /jwks').length - before).toBeLessThanOrEqual(1);
  });

  it('forgets tokens that would be refused anyway', async () => {
    const { PurgeService } = await import('../../src/jobs/purge.service.js');
    await tell({ sid: 'one' });
    const rows = async (): Promise<number> =>
      (await client.store.reader.query<{ n: number }[]>('SELECT count(*) AS n FROM taken_logout_tokens'))[0]?.n ?? -1;
    await client.app.get(PurgeService).purge();
    expect(await rows()).toBe(1);
    client.clock.advance(300);
    await client.app.get(PurgeService).purge();
    expect(await rows()).toBe(0);
  });
});
