import { statement } from '@gatehouse/platform/database/store';
import { OneTimeLinks } from '../../src/users/credentials/one-time-links.service';
import { Browser, send } from '../support/browser';
import { engines } from '../support/engines';
import {
  authorizationRequest,
  authorize,
  authorizeUrl,
  basic,
  post,
  redeem,
  startProvider,
  type TestProvider,
} from '../support/provider';
import { isActive, obtainRefreshToken, obtainTokens, purge, refresh, type Tokens } from '../support/tokens';
import { RotateClientSecret } from '../../src/clients/operations/rotate-client-secret';

jest.setTimeout(120_000);

const tables = [
  'kept_requests',
  'access_tokens',
  'refresh_tokens',
  'grants',
  'authorization_codes',
  'sessions',
  'one_time_links',
  'login_failures',
  'known_addresses',
  'client_secrets',
] as const;
const counts = Object.fromEntries(
  tables.map((table) => [table, statement(`test.count_${table}`, `SELECT count(*) AS n FROM ${table}`)]),
);

describe.each(engines)('purging on %s', (_name, engineOf) => {
  const engine = engineOf();
  let provider: TestProvider;
  beforeAll(() => engine.start());
  afterAll(() => engine.stop());
  beforeEach(
    async () =>
      (provider = await startProvider({
        databaseUrl: await engine.migratedUrl(),
        env: { GATEHOUSE_REQUEST_LIFETIME: '86400' },
      })),
  );
  afterEach(() => provider.close());

  async function count(): Promise<Record<(typeof tables)[number], number>> {
    const found: Partial<Record<string, number>> = {};
    for (const table of tables) {
      const text = counts[table];
      if (text) found[table] = Number((await provider.store.one<{ n: number | string }>(text))?.n);
    }
    return found as Record<(typeof tables)[number], number>;
  }

  /** One of everything that fills by itself. */
  async function live() {
    const user = await provider.addUser();
    const registered = await provider.addClient({ refreshTokenRotation: 'always' });
    const browser = await provider.logIn(user);
    const tokens = await obtainRefreshToken(provider, browser, registered);
    const unspent = await authorize(provider, browser, registered.client);
    const stranger = new Browser();
    await stranger.open(authorizeUrl(provider, authorizationRequest(registered.client).parameters));
    await stranger.submit({ username: user.username, password: 'wrong' });
    const link = await provider.store.run((unit) =>
      provider.app.get(OneTimeLinks).create(unit, { userId: user.id, purpose: 'set-password' }, provider.clock.now()),
    );
    const machine = await provider.addClient({ grantTypes: ['client_credentials'], redirectUris: [], scope: ['read'] });
    const own = (
      await post(
        `${provider.issuer}/oauth/token`,
        { grant_type: 'client_credentials' },
        { Authorization: basic(machine.client, machine.secret) },
      )
    ).json<Tokens>();
    await provider.execute(RotateClientSecret, { id: machine.client.id, overlapSeconds: 1000 });
    return { user, registered, browser, tokens, unspent, stranger, link, machine, own };
  }

  it('clears nothing that has not expired', async () => {
    const all = await live();
    const before = await count();
    await purge(provider);
    expect(await count()).toEqual(before);
    expect(Object.values(before).every((rows) => rows > 0)).toBe(true);
    // and everything still works
    expect((await redeem(provider, all.registered, all.unspent.code, all.unspent.verifier)).status).toBe(200);
    expect((await send(all.link)).status).toBe(303);
    expect(await isActive(provider, all.registered, all.tokens.access_token)).toBe(true);
    expect((await all.browser.send(`${provider.issuer}/home`)).status).toBe(200);
    expect((await all.stranger.open(all.stranger.address)).text).toContain('Test client');
    expect((await refresh(provider, all.registered, all.tokens.refresh_token)).status).toBe(200);
  });

  it('clears each thing when its time has come, and keeps what lives longer', async () => {
    const all = await live();
    await purge(provider);
    const before = await count();

    provider.clock.advance(3601); // access tokens, the unspent code and its grant, failures
    await purge(provider);
    const afterAnHour = await count();
    expect(afterAnHour).toEqual({
      ...before,
      access_tokens: 0,
      authorization_codes: 1,
      grants: 1,
      login_failures: 0,
      client_secrets: before.client_secrets - 1,
    });
    const refreshed = (await refresh(provider, all.registered, all.tokens.refresh_token)).json<Tokens>();
    expect(refreshed.refresh_token).toBeDefined();

    provider.clock.advance(25 * 3600); // what waits for a person
    await purge(provider);
    const afterADay = await count();
    expect(afterADay).toMatchObject({
      kept_requests: 0,
      one_time_links: 0,
      access_tokens: 0,
      grants: 1,
      refresh_tokens: 2,
      sessions: before.sessions,
    });

    provider.clock.advance(40 * 24 * 3600);
    await purge(provider);
    expect(await count()).toEqual(
      Object.fromEntries(tables.map((table) => [table, table === 'client_secrets' ? before.client_secrets - 1 : 0])),
    );
    expect((await refresh(provider, all.registered, refreshed.refresh_token ?? '')).json()).toMatchObject({
      error: 'invalid_grant',
    });
  });

  it('clears the answers of refreshes when their window is over, long before their tokens', async () => {
    const answers = statement('test.count_refresh_answers', 'SELECT count(*) AS n FROM refresh_answers');
    const left = async (): Promise<number> => Number((await provider.store.one<{ n: number | string }>(answers))?.n);
    const { registered, tokens } = await live();
    const first = await refresh(provider, registered, tokens.refresh_token);
    await purge(provider);
    expect(await left()).toBe(1);
    expect((await refresh(provider, registered, tokens.refresh_token)).text).toBe(first.text);
    const before = await count();
    provider.clock.advance(301);
    await purge(provider);
    expect(await left()).toBe(0);
    expect((await count()).refresh_tokens).toBe(before.refresh_tokens);
  });

  it('clears more rows than one batch holds', async () => {
    const { registered, browser } = await live();
    for (let round = 0; round < 12; round++)
      await Promise.all(
        Array.from({ length: 50 }, () =>
          browser.open(authorizeUrl(provider, authorizationRequest(registered.client).parameters)),
        ),
      );
    expect((await count()).authorization_codes).toBeGreaterThan(600);
    provider.clock.advance(3601);
    await purge(provider);
    expect((await count()).authorization_codes).toBe(1);
  });

  it('leaves a neighbour alone: tokens of others are answered while it runs', async () => {
    const { registered, browser } = await live();
    provider.clock.advance(3601);
    const [tokens] = await Promise.all([obtainTokens(provider, browser, registered), purge(provider), purge(provider)]);
    expect(await isActive(provider, registered, tokens.access_token)).toBe(true);
  });
});
