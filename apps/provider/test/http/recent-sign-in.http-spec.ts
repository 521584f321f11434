import { statement } from '@gatehouse/platform/database/store';
import type { Client } from '@gatehouse/domain/oauth';
import { describeSavedForm } from '../../src/account/saved-form-description';
import { FailedRequests } from '../../src/audit/failed-requests.service';
import { TrustedIssuers } from '../../src/trusted-issuers/trusted-issuers.service';
import { PurgeService } from '../../src/jobs/purge.service';
import { ResourcesService } from '../../src/resources/resources.service';
import { UsersService } from '../../src/users/users.service';
import { Browser, type Answer } from '../support/browser';
import { addApp, giveFactor, givePassword } from '../support/factors';
import { changed, fieldsOf, sendFields, values } from '../support/forms';
import { basic, post, startProvider, type TestProvider } from '../support/provider';
import { addResource } from '../support/resources';
import { SmtpServer } from '../support/smtp-server';

interface Layer {
  readonly route?: { readonly path: string | readonly string[]; readonly methods: Readonly<Record<string, boolean>> };
}

/** What clients call; people's pages have nothing to do with it. */
const protocol = ['/oauth/', '/api/'];

/** Forms that a sign-in of any age may send, and why. All other forms require a recent one. */
const exempt: Readonly<Record<string, string>> = {
  '/login': 'it is the sign-in',
  '/login/passkey': 'it is the sign-in',
  '/login/factor': 'it is the sign-in',
  '/login/cancel': 'it ends a request',
  '/login/dismiss': 'it only stops an offer',
  '/logout': 'it ends the session',
  '/sign-up': 'for people without a session',
  '/password/forgot': 'for people without a session',
  '/password/set': 'a one-time link is the proof',
  '/email/confirm': 'a one-time link is the proof',
  '/consent': 'a client decides by max_age',
  '/device': 'a client decides by max_age',
  '/account/profile': 'claims, and no credentials',
  '/session': 'it only ends sessions',
  '/user/sessions/:id': 'it only ends sessions',
  '/user/apps/:id': 'it only revokes',
  '/grant': 'it only revokes',
  '/token': 'it only revokes',
  '/message': 'it only sends a message again',
  '/resource/update/:id': 'what only narrows an API; the rest is tested below',
};

describe('a sign-in of more than ten minutes', () => {
  const smtp = new SmtpServer();
  let provider: TestProvider;
  let client: Client;
  let ids: Readonly<Record<string, string>>;
  let fieldsOfPath: Readonly<Record<string, Readonly<Record<string, string>>>>;
  let people = 0;

  beforeAll(async () => {
    provider = await startProvider({
      env: { GATEHOUSE_SIGN_UP: 'open', GATEHOUSE_THROTTLE: 'off', GATEHOUSE_SMTP_URL: await smtp.start() },
    });
    const target = await provider.addClient({ name: 'Target' });
    ({ client } = target);
    const victim = await provider.addUser({ username: 'victim' });
    await addResource(provider, { identifier: 'urn:target' });
    const [resource] = await provider.app.get(ResourcesService).getAll(['urn:target']);
    const draft = { issuer: 'urn:x', name: 'X', jwksUri: 'https://k.example/', clients: ['any'], scope: ['a'] };
    const issuer = await provider.store.run((unit) =>
      provider.app.get(TrustedIssuers).create(unit, { ...draft, subject: 'id' }, provider.clock.now()),
    );
    if ('problems' in issuer) throw new Error(JSON.stringify(issuer.problems));
    // Of the client itself: otherwise no change is offered.
    const pushed = { response_type: 'code', scope: 'openid', redirect_uri: 'https://x.test/' };
    await post(at('/oauth/par'), pushed, { Authorization: basic(client, target.secret) });
    await provider.app.get(FailedRequests).flush();
    const { failedRequests: refusals } = await provider.app.get(FailedRequests).list({ clientId: client.id, limit: 1 });
    const refusal = refusals[0]?.selector.toString(36) ?? '';
    ids = {
      'failed-request': refusal,
      client: client.id,
      user: victim.id,
      resource: resource?.id ?? '',
      issuer: issuer.trusted.id,
    };
    const issuerFields = { ...draft, clients: client.id, jwksUri: 'https://k.example/', subject: 'id', scope: 'a' };
    const clientFields = {
      type: 'confidential',
      applicationType: 'web',
      grantType: 'authorization_code',
      redirectUri: 'https://client.test/callback',
      scope: 'openid',
      idTokenSignedResponseAlg: 'RS256',
      securityProfile: 'none',
      subjectType: 'public',
      refreshTokenRotation: 'default',
    };
    fieldsOfPath = {
      '/settings/branding': { action: 'save', productName: 'Sent' },
      '/account': { action: 'password', currentPassword: 'x', newPassword: 'y' },
      '/account/delete': { username: 'x' },
      '/account/email': { email: 'new@people.test' },
      '/account/factors': { action: 'new-codes' },
      '/account/factors/app': { otp: '123456' },
      '/account/factors/remove': { factor: 'totp', password: 'x' },
      '/account/passkeys': { action: 'add-passkey', attestation: '{}' },
      '/user': { action: 'enable', id: victim.id },
      '/user/add': { username: 'made', role: 'user' },
      '/user/invite': { emails: 'me@people.test', role: 'admin' },
      '/user/delete/:id': { username: 'victim' },
      '/user/factors/:id': { username: 'victim' },
      '/client': { action: 'approve', id: client.id },
      '/client/state/:id': { action: 'enable' },
      '/client/add': { ...clientFields, authMethod: 'client_secret_basic' },
      '/client/update/:id': { ...clientFields, authMethod: 'client_secret_post' },
      '/client/delete/:id': { name: 'Target' },
      '/client/secret/:id': { overlap: '0' },
      '/client/roles/:id': { username: 'victim', roles: 'editor' },
      '/resource/add': { identifier: 'urn:made-by-form', name: 'Made' },
      '/resource/delete/:id': { name: 'urn:target' },
      '/issuer/add': issuerFields,
      '/issuer/update/:id': issuerFields,
      '/issuer/delete/:id': { confirm: 'X' },
      '/failed-request/:id': { action: 'fix', fix: 'Register https://x.test/' },
      '/key': { action: 'rotate' },
    };
  });
  afterAll(async () => {
    await provider.close();
    await smtp.stop();
  });

  const at = (path: string): string => provider.base + path;
  const users = (): UsersService => provider.app.get(UsersService);

  async function person(roles: string[]): Promise<{ browser: Browser; user: { username: string; password: string } }> {
    const user = await provider.addUser({ username: `sender-${++people}`, roles });
    return { browser: await provider.logIn(user), user };
  }

  /** Every form that a page of this server could send. */
  function forms(): string[] {
    const { router } = provider.app.getHttpAdapter().getInstance() as { router: { stack: Layer[] } };
    return router.stack
      .flatMap(({ route }) => (route?.methods['post'] ? route.path : []))
      .filter((path) => !protocol.some((start) => path.startsWith(start)));
  }

  async function send(browser: Browser, path: string): Promise<Answer> {
    const csrf = /name="csrf" value="([^"]+)"/.exec((await browser.open(at('/account/profile'))).text)?.[1] ?? '';
    const fields = { action: 'save', name: 'Sent', ...fieldsOfPath[path], csrf };
    return browser.send(at(path.replace(/:\w+/, ids[path.split('/')[1] ?? ''] ?? '1')), {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: provider.issuer },
      body: new URLSearchParams(fields).toString(),
    });
  }

  const described = (path: string, fields: Readonly<Record<string, string>> = {}) =>
    describeSavedForm({ address: path.replace(/:\w+/, 'some-id'), fields: Object.entries(fields) });

  const isSignIn = ({ location }: Answer): boolean => /\/login\?next=[^&]+&prompt=login$/.test(location ?? '');
  const count = async (table: string): Promise<number> =>
    Number(
      (await provider.store.one<{ n: number }>(statement(`test.n_${table}`, `SELECT count(*) AS n FROM ${table}`)))?.n,
    );

  it('sends no form that changes credentials, factors, roles, secrets or keys: each leads to the sign-in', async () => {
    const { browser } = await person(['admin']);
    await addApp(provider, browser);
    provider.clock.advance(601);
    const before = await count('audit_events');
    for (const path of forms().filter((each) => exempt[each] === undefined)) {
      const answer = await send(browser, path);
      expect([path, answer.status, isSignIn(answer)]).toEqual([path, 303, true]);
    }
    expect(await count('audit_events')).toBe(before);
    for (const path of Object.keys(exempt)) expect([path, forms().includes(path)]).toEqual([path, true]);
  });

  it('comes back with what was entered, and does it once the person has signed in again and continued', async () => {
    const { browser, user } = await person(['admin']);
    await browser.open(at('/user/add'));
    const fields = changed(fieldsOf(browser, '/user/add'), {
      username: 'kept-one',
      email: 'kept@people.test',
      role: ['admin', 'developer'],
    });
    provider.clock.advance(601);
    const stale = await sendFields(browser, fields, '/user/add');
    expect(isSignIn(stale)).toBe(true);
    expect(await users().findByUsername('kept-one')).toBeUndefined();
    expect((await browser.open(stale.location ?? '')).text).toContain('What you entered is kept');
    await givePassword(provider, user, browser);
    expect(browser.address).toContain('/resume/');
    expect(await users().findByUsername('kept-one')).toBeUndefined();
    const resumed = fieldsOf(browser, '/user/add');
    expect([values(resumed, 'username'), values(resumed, 'role')]).toEqual([['kept-one'], ['admin', 'developer']]);
    expect((await sendFields(browser, resumed, '/user/add')).status).toBe(200);
    expect(await users().findByUsername('kept-one')).toMatchObject({ email: 'kept@people.test' });
  });

  it('comes back once: the page is gone when its form was sent', async () => {
    const { browser, user } = await person(['admin']);
    provider.clock.advance(601);
    const path = `/client/state/${ids['client']}`;
    await browser.open((await send(browser, '/client/state/:id')).location ?? '');
    await givePassword(provider, user, browser);
    const page = browser.address;
    const fields = fieldsOf(browser, path);
    expect((await browser.open(page)).status).toBe(200);
    expect((await sendFields(browser, fields, path)).status).toBe(303);
    expect((await browser.open(page)).status).toBe(404);
    const other = await person(['admin']);
    await other.browser.open(page);
    expect(other.browser.page?.status).toBe(404);
  });

  it('names a client by its id and the hosts of its redirect URIs too, since its name is its own choice', async () => {
    const { browser, user } = await person(['admin']);
    const redirectUris = ['https://pay.test/a', 'https://pay.test/b', 'https://evil.test/cb'];
    const { client: twin } = await provider.addClient({ name: 'Target', redirectUris });
    provider.clock.advance(601);
    const csrf = /name="csrf" value="([^"]+)"/.exec((await browser.open(at('/account/profile'))).text)?.[1] ?? '';
    const sent = await browser.send(at(`/client/secret/${twin.id}`), {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: provider.issuer },
      body: new URLSearchParams({ csrf, overlap: '0' }).toString(),
    });
    await browser.open(sent.location ?? '');
    await givePassword(provider, user, browser);
    const words = (browser.page?.text ?? '').replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
    expect(words).toContain(
      `Rotate the client secret of this application: Target · client_id ${twin.id} · evil.test · pay.test`,
    );
  });

  it('comes back to this server alone, whatever host its sender wrote into the request line (RFC 9112 3.2.2)', async () => {
    const { browser, user } = await person(['admin']);
    const csrf = /name="csrf" value="([^"]+)"/.exec((await browser.open(at('/account/profile'))).text)?.[1] ?? '';
    provider.clock.advance(601);
    const sent = await browser.send(at('/'), {
      method: 'POST',
      target: `http://evil.example/user/link/${ids['user']}`,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: provider.issuer },
      body: new URLSearchParams({ csrf }).toString(),
    });
    await browser.open(sent.location ?? '');
    await givePassword(provider, user, browser);
    expect(browser.address).toContain('/resume/');
    const page = browser.page?.text ?? '';
    expect(page).toContain(`action="/user/link/${ids['user']}"`);
    expect(page).not.toContain('evil.example');
    const begun = await new Browser().send(at('/'), { target: 'http://evil.example/account?x=1' });
    expect(begun.location).toBe(at(`/login?next=${encodeURIComponent('/account?x=1')}`));
  });

  it('has words for what each form that is kept does', () => {
    const neverKept = [
      ...['/account', '/account/factors/app', '/account/factors/remove', '/account/passkeys'],
      // An image is chosen again after the sign-in.
      '/settings/branding/logo',
    ];
    const paths = forms().filter((each) => exempt[each] === undefined && !neverKept.includes(each));
    expect(paths.length).toBeGreaterThan(20);
    for (const path of [...paths, '/resource/update/:id'])
      expect([path, described(path, fieldsOfPath[path]).sentence.toString()]).not.toEqual([
        path,
        expect.stringContaining('A form will be sent to'),
      ]);
  });

  it('shows what a form would do that someone else submitted in the session', async () => {
    const { browser, user } = await person(['admin']);
    const evil = await provider.addUser({ username: 'evil' });
    const path = `/user/update/${evil.id}`;
    provider.clock.advance(601);
    await browser.open(at(path));
    const fields = changed(fieldsOf(browser, path), { email: '', role: ['user', 'admin'], unknown: 'surprise' });
    await browser.open((await sendFields(browser, fields, path)).location ?? '');
    const entered = provider.clock.now();
    provider.clock.advance(300);
    await givePassword(provider, user, browser);
    const page = browser.page?.text ?? '';
    const words = page.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
    expect(page).not.toContain('<details');
    expect(words).toContain('Change this user: evil');
    expect(words).toMatch(/Roles user admin .*Left empty .*E-mail/);
    expect(words).toContain('unknown surprise');
    expect(words).toContain('If you did not enter this, cancel.');
    expect(page).toContain(new Date(entered * 1000).toISOString().slice(0, 16));
    expect(page).toContain(`<a href="${path}">Cancel</a>`);
    expect((await users().find(evil.id))?.roles).toEqual(['user']);
  });

  it.each([
    ['/key', { action: 'rotate-now', confirm: 'now' }, 'Replace the signing keys now'],
    ['/KEY/', { action: 'rotate' }, 'Create new signing keys'],
    ['/client', { action: 'approve' }, 'Approve these applications: Target'],
    ['/client/state/:id', { action: 'enable' }, 'Enable this application: Target'],
    ['/client/secret/:id', { overlap: '0' }, 'Rotate the client secret of this application: Target'],
    ['/user/link/:id', {}, 'sets a new password: victim'],
    ['/resource/delete/:id', { name: 'urn:target' }, 'Delete this API: urn:target'],
    ['/issuer/delete/:id', { confirm: 'X' }, 'Delete this trusted issuer: X'],
    ['/account/email', { email: 'mine@people.test' }, 'Change your e-mail address'],
    ['/account/factors', { action: 'new-codes' }, 'Replace your recovery codes'],
  ])('says what %s with %j would do', async (path, fields, sentence) => {
    const { browser, user } = await person(['admin']);
    provider.clock.advance(601);
    fieldsOfPath = { ...fieldsOfPath, [path]: { ...fieldsOfPath[path], ...fields } };
    await browser.open((await send(browser, path)).location ?? '');
    await givePassword(provider, user, browser);
    expect(browser.address).toContain('/resume/');
    const words = (browser.page?.text ?? '').replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
    expect(words).toContain(sentence);
  });

  it('keeps a form for its sender alone, sealed, and for an hour', async () => {
    const { browser } = await person(['admin']);
    const stranger = await person(['admin']);
    provider.clock.advance(601);
    const stale = await send(browser, '/user/invite');
    const next = decodeURIComponent(new URL(stale.location ?? '').searchParams.get('next') ?? '');
    expect(next).toMatch(/^\/resume\//);
    const again = new Browser();
    await givePassword(provider, stranger.user, again);
    expect((await again.open(at(next))).status).toBe(404);
    const rows = await provider.store.all<{ form_sealed: string }>(
      statement('test.kept', 'SELECT form_sealed FROM kept_forms'),
    );
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain('people.test');
    for (let n = 0; n < 8; n++) await send(browser, '/user/invite');
    provider.clock.advance(3600);
    await provider.app.get(PurgeService).purge();
    expect(await count('kept_forms')).toBe(0);
  });

  it('keeps five forms of one person, and none with a password', async () => {
    const { browser } = await person(['admin']);
    provider.clock.advance(601);
    const before = await count('kept_forms');
    for (let n = 0; n < 8; n++) await send(browser, '/user/invite');
    expect((await count('kept_forms')) - before).toBe(5);
    expect((await send(browser, '/account')).location).toContain(`next=${encodeURIComponent('/account')}&`);
    expect((await count('kept_forms')) - before).toBe(5);
  });

  it('is not made good by a browser that skipped the second factor', async () => {
    const { browser, user } = await person(['admin']);
    const app = await addApp(provider, browser);
    provider.clock.advance(601);
    const here = new Browser();
    await givePassword(provider, user, here);
    await giveFactor(here, { otp: app.code(), trust: '30' });
    provider.clock.advance(601);
    const stale = await send(here, '/key');
    await here.open(stale.location ?? '');
    await givePassword(provider, user, here);
    // Signed in by the password alone, and led to the factor before the form comes back.
    expect(here.address).toContain('/login/factor');
    await giveFactor(here, { otp: app.code() });
    expect(here.address).toContain('/resume/');
    expect((await sendFields(here, fieldsOf(here, '/key'), '/key')).location).toContain('done=rotated');
  });
});
