import { UsersService } from '../../src/users/users.service';
import type { Browser } from '../support/browser';
import { startProvider, type TestProvider } from '../support/provider';
import { isActive, obtainTokens } from '../support/tokens';

describe('a person’s own data', () => {
  let provider: TestProvider;
  beforeAll(async () => {
    provider = await startProvider();
    await provider.addUser({ username: 'keeper', roles: ['admin'] });
  });
  afterAll(() => provider.close());

  const at = (path: string): string => `${provider.issuer}${path}`;
  const confirm = (browser: Browser, username: string) => browser.submit({ username }, { action: '/account/delete' });

  it('comes as a file: account, factors, sessions and applications, and no secret', async () => {
    const person = await provider.addUser({ username: 'ada', name: 'Ada', email: 'ada@example.org' });
    const browser = await provider.logIn(person);
    const registered = await provider.addClient({ name: 'Reader' });
    await obtainTokens(provider, browser, registered);
    const answer = await browser.open(at('/account/data'));
    expect(answer.headers['content-disposition']).toContain('attachment');
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.headers['content-type']).toContain('application/json');
    expect(answer.json()).toMatchObject({
      issuer: provider.issuer,
      account: { id: person.id, username: 'ada', name: 'Ada', email: 'ada@example.org', roles: ['user'] },
      second_factors: { authenticator_app: false, passkeys: [], recovery_codes_left: 0 },
      sessions: [{ address: expect.any(String) as unknown }],
      applications: [{ client_id: registered.client.id, name: 'Reader' }],
    });
    expect(answer.text).not.toMatch(/hash|argon2|\$m=/i);
    expect((await browser.clone().send(at('/account/data'), { headers: { Cookie: '' } })).status).toBe(303);
  });

  it('goes with the account, when its name was typed: sessions, tokens and the rest', async () => {
    const person = await provider.addUser({ username: 'grace' });
    const browser = await provider.logIn(person);
    const other = await provider.logIn(person);
    const registered = await provider.addClient({ scope: ['openid', 'offline_access'] });
    const tokens = await obtainTokens(provider, browser, registered, { scope: 'openid offline_access' });
    await browser.open(at('/account/delete'));
    const wrong = await confirm(browser, 'somebody');
    expect([wrong.status, wrong.text.includes('This is not your username')]).toEqual([422, true]);
    expect(wrong.text).toContain('value="somebody"');
    const done = await confirm(browser, 'grace');
    expect([done.status, done.text.includes('Your account was deleted')]).toEqual([200, true]);
    expect(browser.cookie(provider.host, 'gatehouse_session')).toBeUndefined();
    expect(await provider.app.get(UsersService).find(person.id)).toBeUndefined();
    expect((await other.open(at('/account'))).text).toContain('name="password"');
    expect(await isActive(provider, registered, tokens.access_token)).toBe(false);
    expect(await isActive(provider, registered, tokens.refresh_token)).toBe(false);
  });

  it('asks for a login of at most ten minutes first', async () => {
    const browser = await provider.logIn(await provider.addUser({ username: 'linus' }));
    const page = await browser.open(at('/account/delete'));
    expect(page.text).toContain('Delete my account');
    provider.clock.advance(601);
    expect((await confirm(browser, 'linus')).text).toContain('What you entered is kept');
    expect((await browser.open(at('/account/delete'))).text).toContain('log in again first');
    expect(await provider.app.get(UsersService).findByUsername('linus')).toBeDefined();
  });

  it('stays where someone else’s page sends the form', async () => {
    const browser = await provider.logIn(await provider.addUser({ username: 'mary' }));
    await browser.open(at('/account/delete'));
    const answer = await browser.submit(
      { username: 'mary' },
      { action: '/account/delete', headers: { Origin: 'https://evil.example' } },
    );
    expect(answer.status).toBe(403);
    expect(await provider.app.get(UsersService).findByUsername('mary')).toBeDefined();
  });

  it('cannot go with the last administrator', async () => {
    const users = provider.app.get(UsersService);
    // The one that the first start made.
    const first = await users.findByUsername('admin');
    if (first) await provider.store.run((unit) => users.remove(unit, first.id, provider.clock.now()));
    const browser = await provider.logIn({ username: 'keeper', password: 'correct horse battery staple' });
    await browser.open(at('/account/delete'));
    const answer = await confirm(browser, 'keeper');
    expect([answer.status, answer.text.includes('last administrator')]).toEqual([409, true]);
  });
});
