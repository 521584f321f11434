import { Browser, send } from '../support/browser';
import { authorize, basic, post, redeem, startProvider, type TestProvider } from '../support/provider';
import { obtainRefreshToken, refresh } from '../support/tokens';

/** Every other suite's provider is scanned as well when it closes: what is logged by a flow is seen by the flow's own tests. */
describe('the log at level trace', () => {
  let provider: TestProvider;
  beforeEach(async () => (provider = await startProvider({ env: { GATEHOUSE_SIGN_UP: 'open' } })));

  it('holds none of the secrets that went over the wire, in what succeeds and in what is rejected', async () => {
    const user = await provider.addUser({ password: 'a password that nobody logs' });
    const registered = await provider.addClient();
    const { secrets } = provider.scan;
    const headers = { Authorization: basic(registered.client, registered.secret) };

    const browser = await provider.logIn(user);
    const session = browser.cookie(provider.host, 'gatehouse_session') ?? 'none';
    const { code, verifier } = await authorize(provider, browser, registered.client);
    expect((await redeem(provider, registered, code, verifier)).status).toBe(200);
    expect((await redeem(provider, registered, code, verifier)).status).toBe(400);
    const tokens = await obtainRefreshToken(provider, browser, registered);
    const next = (await refresh(provider, registered, tokens.refresh_token ?? '')).json<Record<string, string>>();
    for (const path of ['introspect', 'revoke'])
      await post(`${provider.base}/oauth/${path}`, { token: next['access_token'] ?? '' }, headers);
    await send(`${provider.base}/api/me`, { headers: { Authorization: `Bearer ${next['access_token'] ?? ''}` } });
    await browser.open(`${provider.base}/oauth/logout?id_token_hint=${next['id_token'] ?? ''}`);

    const stranger = new Browser();
    await stranger.open(`${provider.base}/login?token=a-secret-in-a-query`);
    await stranger.submit({ username: user.username, password: 'a wrong password, by chance' });
    await post(
      `${provider.base}/oauth/token`,
      { grant_type: 'password', password: 'a password for no grant' },
      headers,
    );
    await post(`${provider.base}/oauth/token`, { code: 'a-code-sent-twice', client_secret: 'a-secret-of-nobody' });
    await stranger.open(provider.adminLink ?? '');
    await stranger.open(`${provider.base}/sign-up`);
    await stranger.submit({ username: 'newcomer', password: 'the password of a newcomer' });
    await provider.store.run(
      async (unit) => void (await unit.manager.query('ALTER TABLE access_tokens RENAME TO gone')),
    );
    const broken = await post(
      `${provider.base}/oauth/token`,
      { grant_type: 'refresh_token', refresh_token: next['refresh_token'] ?? '' },
      headers,
    );
    expect(broken.status).toBeGreaterThanOrEqual(400);
    await provider.store.run(
      async (unit) => void (await unit.manager.query('ALTER TABLE gone RENAME TO access_tokens')),
    );

    // It was seen, so it was looked for.
    for (const secret of [
      ...[
        user.password,
        session,
        code,
        verifier,
        registered.secret,
        'a-secret-in-a-query',
        'the password of a newcomer',
      ],
      ...[
        tokens.access_token,
        tokens.refresh_token,
        next['refresh_token'],
        next['id_token'],
        'a password for no grant',
      ],
      new URL(provider.adminLink ?? '').searchParams.get('token'),
    ])
      expect(secrets).toContain(secret);
    expect(provider.scan.text.split('\n').length).toBeGreaterThan(20);
    expect(provider.scan.leaks()).toEqual([]);
    await provider.close();
  });

  it('would be found out', async () => {
    const browser = await provider.logIn(await provider.addUser());
    const session = browser.cookie(provider.host, 'gatehouse_session') ?? 'none';
    provider.scan.log.info({ where: `it is ${session.split('.')[1] ?? 'none'}` }, 'somebody was careless');
    expect(provider.scan.leaks()).toHaveLength(1);
    await expect(provider.close()).rejects.toThrow('secrets stand in the log');
  });
});
