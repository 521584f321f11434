import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deviceCodeGrant } from '@gatehouse/domain/oauth';
import { Mailer } from '../../src/mail/mailer.service';
import { UsersService } from '../../src/users/users.service';
import { Browser, send, type Answer } from '../support/browser';
import { addApp, giveFactor, givePassword } from '../support/factors';
import { eventually } from '../support/eventually';
import { authorize, authorizationRequest, authorizeUrl, post, startProvider } from '../support/provider';
import type { TestProvider } from '../support/provider';
import { pseudoLanguage, pseudoTexts, strayWords } from '../support/pseudo-language';
import { SmtpServer } from '../support/smtp-server';

describe('the texts of the pages that people meet', () => {
  const smtp = new SmtpServer();
  const password = 'nobody knows this phrase';
  /** What may stand on its own: none of it is ours to translate. */
  const data = [
    'Gatehouse',
    'Notebook',
    'Adeline',
    'adeline',
    'openid',
    'profile',
    'email',
    'people.test',
    'UTC',
    'user',
    'admin',
    'somebody',
    'person',
    'nobody',
    // The language switch names each language in itself.
    'Deutsch',
    'English',
    '(Pseudo-Accents)',
  ];
  let provider: TestProvider;
  let person: { username: string; password: string };
  let browser: Browser;

  beforeAll(async () => {
    provider = await startProvider({
      env: {
        GATEHOUSE_TEXTS: pseudoTexts(),
        GATEHOUSE_SIGN_UP: 'open',
        GATEHOUSE_SMTP_URL: await smtp.start(),
      },
    });
    person = await provider.addUser({
      username: 'adeline',
      name: 'Adeline',
      password,
      email: 'adeline@people.test',
      profile: { locale: pseudoLanguage },
    });
  });
  beforeEach(() => {
    browser = new Browser({ headers: { 'Accept-Language': `fr, ${pseudoLanguage};q=0.8, en;q=0.5` } });
  });
  afterAll(async () => {
    await provider.close();
    await smtp.stop();
  });

  /** Every word is in the language, and the page says which it is. */
  function look(answer: Answer | undefined, status = 200, isData = (_word: string): boolean => false): void {
    expect(answer?.status).toBe(status);
    expect(answer?.text).toContain(`<html lang="${pseudoLanguage}"`);
    expect(strayWords(answer?.text ?? '', data).filter((word) => !isData(word))).toEqual([]);
  }
  const open = (path: string): Promise<Answer> => browser.open(provider.base + path);

  it('notices a word that is not of the catalogue', () => {
    const page = '<p>⟦Hello <b>Adeline</b>⟧ Adeline <img alt="Picture"> there <code>x</code></p>';
    expect(strayWords(page, data)).toEqual(['there', 'Picture']);
  });

  it('are all in one catalogue: of a login, a refusal and a consent', async () => {
    const { client } = await provider.addClient({
      name: 'Notebook',
      policyUri: 'https://notebook.example/privacy',
      tosUri: 'https://notebook.example/terms',
      scope: ['openid', 'profile', 'email', 'offline_access'],
    });
    const { parameters } = authorizationRequest(client, { scope: 'openid profile email' });
    look(await browser.open(authorizeUrl(provider, parameters)));
    look(await browser.submit({ username: 'adeline', password: 'wrong' }), 401);
    look(await browser.submit({ username: 'adeline', password, csrf: 'old' }), 403);
    look(await browser.submit({ username: 'adeline', password }));
    expect(browser.page?.text).toContain('⟦Allow <strong>Notebook</strong> to access your account?⟧');
    look(await browser.submit({ confirm: 'perhaps' }), 400);
    await open('/logout');
    look(browser.page);
    look(await browser.submit({ logout: 'yes' }));
    look(await open('/oauth/authorize?client_id=nobody'), 400);
    look(await open('/oauth/authorize/gone'), 400);
    look(await open('/nowhere'), 404);
    look(await open('/user'), 200);
  });

  it('of an account: sign-up, its pages, its end', async () => {
    look(await open('/sign-up'));
    look(await browser.submit({ username: 'no name!', email: 'x', password: 'short' }), 422);
    look(
      await browser.submit({ username: 'adeline2', email: 'adeline2@people.test', password: 'adeline2adeline2' }),
      422,
    );
    look(await browser.submit({ username: 'adeline2', email: 'adeline2@people.test', password }));
    for (const path of ['', '/profile', '/email', '/security', '/factors', '/factors/app', '/passkeys', '/delete'])
      look(await open(`/account${path}`));
    await open('/account/profile');
    look(
      await browser.submit({
        birthdate: 'x',
        zoneinfo: 'x',
        locale: '-',
        website: 'x',
        picture: 'https://a:b@people.test/',
        phoneNumber: 'x',
        gender: 'x'.repeat(200),
        nickname: '\u202e',
      }),
      422,
    );
    await open('/account');
    look(
      await browser.submit({ action: 'password', currentPassword: 'x', newPassword: 'x' }, { action: '/account' }),
      422,
    );
    await open('/account/email');
    look(await browser.submit({ email: 'x' }, { action: '/account/email' }), 422);
    look(await browser.submit({ email: 'other@people.test' }, { action: '/account/email' }));
    await open('/account/delete');
    look(await browser.submit({ username: 'x' }, { action: '/account/delete' }), 422);
    look(await browser.submit({ username: 'adeline2' }, { action: '/account/delete' }));
    expect(browser.page?.text).toContain('⟦Your account was deleted⟧');
  });

  it('of second factors', async () => {
    const user = { ...(await provider.addUser({ username: 'adeline3', password })), password };
    await provider.logIn(user, browser);
    const { client } = await provider.addClient({ name: 'Notebook' });
    await authorize(provider, browser, client);
    look(await open('/home'));
    look(await open('/account'));
    await open('/account/factors/app');
    look(await browser.submit({ otp: '000000' }, { action: '/account/factors/app' }), 422);
    await addApp(provider, browser);
    look(browser.page);
    look(await open('/account/factors'));
    look(await open('/account/factors/remove?factor=totp'));
    look(await browser.submit({ password: 'x' }, { action: '/account/factors/remove' }), 422);
    look(await open('/account/security'));
    const other = new Browser({ headers: { 'Accept-Language': pseudoLanguage } });
    look(await givePassword(provider, user, other));
    look(await giveFactor(other, { otp: '000000' }), 401);
    look(await giveFactor(other, { action: 'recovery', recovery: 'x' }), 401);
    provider.clock.advance(700);
    look(await open('/account/factors/app'), 200);
    look(await open('/account/factors/remove?factor=totp'));
  });

  it('of a device', async () => {
    const { client } = await provider.addClient({
      name: 'Notebook',
      type: 'public',
      authMethod: 'none',
      redirectUris: [],
      grantTypes: [deviceCodeGrant],
    });
    await provider.logIn(person, browser);
    look(await open('/device'));
    look(await browser.submit({ user_code: 'BCDF-GHJK' }), 422);
    const begun = await post(`${provider.base}/oauth/device`, { client_id: client.id, scope: 'openid' });
    const { verification_uri_complete: address } = begun.json<{ verification_uri_complete: string }>();
    const path = address.slice(provider.issuer.length);
    // The code stands in its field, and in what is said of it.
    const code = new URL(address).searchParams.get('user_code') ?? '';
    data.push(code);
    look(await open(path));
    look(await browser.submit());
    look(await browser.submit({ confirm: 'no' }));
    expect(browser.page?.text).toContain('⟦Access wasn’t allowed⟧');
  });

  it('of mail: in the language of the recipient, or the default language', async () => {
    await open('/password/forgot');
    look(browser.page);
    look(await browser.submit({ email: 'nobody' }), 422);
    look(await browser.submit({ email: 'adeline@people.test' }));
    const mailTo = async (address: string, subject: string): Promise<string> => {
      const [mail] = await eventually(
        () =>
          Promise.resolve(smtp.received.filter(({ to, message }) => to.includes(address) && message.includes(subject))),
        (mails) => mails.length > 0,
      );
      return mail?.message ?? '';
    };
    const message = await mailTo('adeline@people.test', '/password/set');
    expect(message).toContain(`<html lang=3D"${pseudoLanguage}">`);
    await provider.store.run((unit) =>
      provider.app.get(Mailer).write(
        unit,
        {
          to: 'stranger@people.test',
          text: 'invitation',
          values: { issuer: provider.issuer, link: `${provider.issuer}/sign-up`, lifetime: '7 days' },
          language: 'nl',
          lifetimeSeconds: 60,
        },
        provider.clock.now(),
      ),
    );
    expect(await mailTo('stranger@people.test', 'You are invited')).toContain('<html lang=3D"en">');
  });

  it('are those that the client asked for (ui_locales) rather than the browser', async () => {
    const { client } = await provider.addClient({ name: 'Notebook' });
    const english = new Browser({ headers: { 'Accept-Language': 'en' } });
    const { parameters } = authorizationRequest(client, { ui_locales: `nl ${pseudoLanguage}` });
    look(await english.open(authorizeUrl(provider, parameters)));
    look(await english.submit({ username: 'adeline', password: 'wrong' }), 401);
    const logout = await english.open(`${provider.base}/oauth/logout?ui_locales=${pseudoLanguage}`);
    look(logout);
    // Where it asks for none, the browser says it.
    const plain = await english.open(authorizeUrl(provider, authorizationRequest(client).parameters));
    expect(plain.text).toContain('<html lang="en"');
    const metadata = await send(`${provider.base}/.well-known/openid-configuration`);
    expect(metadata.json()['ui_locales_supported']).toEqual(['en', 'de', pseudoLanguage]);
  });

  it('of the pages of users and invitations', async () => {
    await provider.logIn(await provider.addUser({ username: 'adeline-admin', roles: ['admin'] }), browser);
    const { id } = (await provider.app.get(UsersService).findByUsername('adeline')) ?? { id: '' };
    for (const path of [
      ...['', '?q=nobody', '?status=disabled', '?done=disabled&count=1', '/add', '/roles', '/invite'],
      `/selected?action=disable&id=${id}`,
      ...['update', 'factors', 'sessions', 'apps', 'activity', 'delete'].map((tab) => `/${tab}/${id}`),
    ])
      look(await open(`/user${path}`));
    await open(`/user/delete/${id}`);
    look(await browser.submit({ username: 'somebody' }), 422);
    await open('/user/invite');
    look(await browser.submit({ emails: '' }), 422);
    await open('/user/add');
    look(await browser.submit({ username: '' }), 422);
  });

  it.each([
    ...['/admin', '/admin/system', '/client', '/client/add', '/resource', '/resource/add', '/issuer', '/issuer/add'],
    ...[
      '/user',
      '/user/add',
      '/user/invite',
      '/user/roles',
      '/settings/branding',
      '/settings/sign-in',
      '/audit',
      '/failed-request',
      '/session',
      '/grant',
      '/token',
    ],
    ...['/key', '/message', '/search', '/search?q=nothing', '/nowhere'],
  ])('are all in the catalogue: %s of an administrator', async (path) => {
    const admin = await provider.addUser({ roles: ['admin'] });
    await provider.logIn(admin, browser);
    // Identifiers, addresses, names of scopes and algorithms.
    const isTechnical = (word: string): boolean => /[\d./:-]/.test(word) || ['EdDSA', 'SQLite'].includes(word);
    look(await open(path), path === '/nowhere' ? 404 : 200, isTechnical);
  });

  it('can be replaced individually, and an unknown text prevents the start', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-texts-'));
    writeFileSync(join(folder, 'en.json'), JSON.stringify({ 'login.submit': 'Sign in <now>' }));
    await expect(startProvider({ env: { GATEHOUSE_TEXTS: folder } })).rejects.toThrow('login.submit');
    writeFileSync(join(folder, 'en.json'), JSON.stringify({ 'login.submit': 'Sign in & go' }));
    const own = await startProvider({ env: { GATEHOUSE_TEXTS: folder } });
    try {
      expect((await new Browser().open(`${own.base}/login`)).text).toContain('>Sign in &amp; go</button>');
    } finally {
      await own.close();
    }
  });
});
