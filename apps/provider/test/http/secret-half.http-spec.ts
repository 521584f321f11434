import { Invitations } from '../../src/users/invitations/invitations.service';
import { Browser, send } from '../support/browser';
import { startProvider, type TestProvider } from '../support/provider';
import { isActive, obtainRefreshToken, refresh, type Registered } from '../support/tokens';

// A credential is a selector, which finds its row, and a secret, of which the row has the hash. Selectors are no secret:
// who knows one and guesses the other half has nothing.
describe('with another secret behind its selector', () => {
  let provider: TestProvider;
  let registered: Registered;
  beforeAll(async () => {
    provider = await startProvider({ env: { GATEHOUSE_SIGN_UP: 'invitation' } });
    registered = await provider.addClient();
  });
  afterAll(() => provider.close());

  /** The same selector, and a secret of the same form. */
  function forged(credential: string): string {
    const [selector = '', secret = ''] = credential.split('.');
    return `${selector}.${secret.startsWith('A') ? 'B' : 'A'}${secret.slice(1)}`;
  }

  const tokens = async () => obtainRefreshToken(provider, await provider.logIn(await provider.addUser()), registered);

  it('a refresh token is rejected, and the right one still works', async () => {
    const { refresh_token: token } = await tokens();
    const refused = await refresh(provider, registered, forged(token));
    expect([refused.status, refused.json()['error']]).toEqual([400, 'invalid_grant']);
    expect((await refresh(provider, registered, token)).status).toBe(200);
  });

  it('an access token is rejected by UserInfo and inactive at the introspection', async () => {
    const { access_token: token } = await tokens();
    const show = async (text: string): Promise<number> =>
      (await send(`${provider.base}/oauth/userinfo`, { headers: { Authorization: `Bearer ${text}` } })).status;
    expect([await show(forged(token)), await show(token)]).toEqual([401, 200]);
    expect([await isActive(provider, registered, forged(token)), await isActive(provider, registered, token)]).toEqual([
      false,
      true,
    ]);
  });

  it('a session cookie logs nobody in', async () => {
    const browser = await provider.logIn(await provider.addUser());
    const cookie = browser.cookie(provider.host, 'gatehouse_session') ?? '';
    const thief = new Browser();
    for (const value of [forged(cookie), cookie]) {
      thief.setCookie(provider.host, 'gatehouse_session', value);
      await thief.open(`${provider.base}/home`);
      expect(new URL(thief.address).pathname).toBe(value === cookie ? '/home' : '/login');
    }
  });

  it('an invitation makes no account', async () => {
    const whom = { email: 'invited@example.org', roles: ['user'], createdBy: undefined };
    const link = await provider.store.run((unit) =>
      provider.app.get(Invitations).invite(unit, whom, provider.clock.now()),
    );
    const url = new URL(link);
    url.searchParams.set('invitation', forged(url.searchParams.get('invitation') ?? ''));
    expect((await new Browser().open(url.href)).status).toBe(410);
    expect((await new Browser().open(link)).status).toBe(200);
  });
});
