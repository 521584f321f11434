import type { Client } from '@gatehouse/domain/oauth';
import { statement } from '@gatehouse/platform/database/store';
import { EmailChanges } from '../../src/users/email-changes.service';
import { OneTimeLinks } from '../../src/users/credentials/one-time-links.service';
import { FailedRequests } from '../../src/audit/failed-requests.service';
import { ResourcesService } from '../../src/resources/resources.service';
import { TrustedIssuers } from '../../src/trusted-issuers/trusted-issuers.service';
import { Browser, type Answer } from '../support/browser';
import { authorizationRequest, authorizeUrl, startProvider, type TestProvider } from '../support/provider';
import { addResource } from '../support/resources';
import { linkIn, SmtpServer } from '../support/smtp-server';
import { addApp } from '../support/factors';
import { eventually } from '../support/eventually';
import { obtainTokens } from '../support/tokens';

interface Layer {
  readonly route?: { readonly path: string | readonly string[]; readonly methods: Readonly<Record<string, boolean>> };
}

/** What clients call; people's pages have nothing to do with it. */
const protocol = ['/oauth/', '/api/'];
/** What may change while nothing is done: when someone was here last. */
const restless = /"(last_seen_at|last_used_at|updated_at)":[^,}]*/g;
const tables = [
  ...['users', 'user_roles', 'clients', 'client_secrets', 'resources', 'trusted_issuers', 'consents', 'grants'],
  ...['access_tokens', 'sessions', 'totp_factors', 'passkeys', 'recovery_codes', 'signing_keys', 'invitations'],
  ...['one_time_links', 'role_requirements', 'application_roles', 'initial_access_tokens', 'audit_events'],
];

/** An administrator with everything open in their browser, whom another site makes send every form that there is. */
describe('a forged form', () => {
  const smtp = new SmtpServer();
  let provider: TestProvider;
  let admin: Browser;
  let client: Client;
  let ids: Readonly<Record<string, string>>;
  let fieldsOfPath: Readonly<Record<string, Readonly<Record<string, string>>>>;

  beforeAll(async () => {
    provider = await startProvider({
      env: { GATEHOUSE_SIGN_UP: 'open', GATEHOUSE_THROTTLE: 'off', GATEHOUSE_SMTP_URL: await smtp.start() },
    });
    const user = await provider.addUser({ roles: ['admin'] });
    admin = await provider.logIn(user);
    await addApp(provider, admin);
    const registered = await provider.addClient({ name: 'Target' });
    ({ client } = registered);
    await obtainTokens(provider, admin, registered);
    const victim = await provider.addUser({ username: 'victim' });
    await provider.logIn(victim);
    const session = await provider.store.one<{ id: string }>(
      statement('test.session_of', 'SELECT id FROM sessions WHERE user_id = $1'),
      victim.id,
    );
    await addResource(provider, { identifier: 'urn:target' });
    const [resource] = await provider.app.get(ResourcesService).getAll(['urn:target']);
    const issuer = await provider.store.run((unit) =>
      provider.app
        .get(TrustedIssuers)
        .create(
          unit,
          { issuer: 'urn:x', name: 'X', jwksUri: 'https://k.example/', subject: 'id', clients: ['any'], scope: ['a'] },
          provider.clock.now(),
        ),
    );
    if ('problems' in issuer) throw new Error(JSON.stringify(issuer.problems));
    await admin.open(authorizeUrl(provider, { client_id: client.id, redirect_uri: 'https://x.test/' }));
    await provider.app.get(FailedRequests).flush();
    const [failedRequest] = (await provider.app.get(FailedRequests).list({ clientId: client.id, limit: 1 }))
      .failedRequests;
    if (!failedRequest) throw new Error('no failed request was recorded');
    ids = {
      'failed-request': failedRequest.selector.toString(36),
      client: client.id,
      user: victim.id,
      resource: resource?.id ?? '',
      issuer: issuer.trusted.id,
    };
    const link = await provider.store.run(async (unit) => {
      await provider.app.get(EmailChanges).request(unit, victim.id, 'new@people.test', provider.clock.now());
      return provider.app
        .get(OneTimeLinks)
        .create(unit, { userId: victim.id, purpose: 'set-password' }, provider.clock.now());
    });
    const [mail] = await eventually(
      () => Promise.resolve(smtp.received),
      (mails) => mails.length > 0,
    );
    const tokenOf = (address: string): string => new URL(address).searchParams.get('token') ?? '';
    const other = await provider.addClient({ name: 'Asks for consent' });
    const consent = await admin.open(authorizeUrl(provider, authorizationRequest(other.client).parameters));
    const request = /name="request" value="([^"]+)"/.exec(consent.text)?.[1] ?? '';
    const shownClient = /name="client" value="([^"]+)"/.exec(consent.text)?.[1] ?? '';
    fieldsOfPath = {
      '/password/set': { token: tokenOf(link), password: 'chosen by somebody else' },
      '/email/confirm': { token: tokenOf(linkIn(mail?.message ?? '')) },
      '/login/cancel': { request },
      '/consent': { request, user: user.id, client: shownClient, confirm: 'yes' },
      '/account': { action: 'withdraw', client: client.id },
      '/account/delete': { username: user.username },
      '/account/factors/remove': { factor: 'totp', password: user.password },
      '/account/email': { email: 'mine@evil.test' },
      '/account/factors': { action: 'new-codes' },
      '/account/passkeys': { action: 'add-passkey', attestation: '{}' },
      '/logout': { logout: 'yes' },
      '/user': { action: 'disable', id: victim.id },
      '/client': { action: 'disable', id: client.id, confirmed: 'yes' },
      '/grant': { action: 'revoke-all', client: client.id },
      '/token': { action: 'revoke-all', client: client.id },
      '/session': { session: session?.id ?? '' },
      [`/client/delete/${client.id}`]: { name: 'Target' },
      [`/user/delete/${victim.id}`]: { username: 'victim' },
      [`/user/factors/${victim.id}`]: { username: 'victim' },
      [`/user/sessions/${victim.id}`]: { action: 'end-all' },
      [`/user/apps/${victim.id}`]: { client: client.id },
      '/user/invite': { emails: 'me@evil.test', role: 'admin' },
      '/user/roles': { role: 'user' },
      '/settings/branding': { product_name: 'Forged' },
      '/settings/branding/logo': { action: 'remove' },
      '/settings/sign-in': { sign_up: 'open' },
      '/sign-up': { username: 'forged', password: 'a forged account, long enough' },
      '/password/forgot': { email: 'victim@people.test' },
      '/login': { username: 'victim', password: 'correct horse battery staple' },
    };
  });
  afterAll(async () => {
    await provider.close();
    await smtp.stop();
  });

  /** Every form that a page of this server could send. */
  function paths(): string[] {
    const { router } = provider.app.getHttpAdapter().getInstance() as { router: { stack: Layer[] } };
    return router.stack
      .flatMap(({ route }) => (route?.methods['post'] ? route.path : []))
      .filter((path) => !protocol.some((start) => path.startsWith(start)))
      .map((path) => path.replace(/:\w+/g, ids[path.split('/')[1] ?? ''] ?? '1'));
  }

  async function everything(): Promise<Record<string, string>> {
    const rows: Record<string, string> = {};
    for (const table of tables)
      rows[table] = JSON.stringify(
        await provider.store.all(statement(`test.all_${table}`, `SELECT * FROM ${table} ORDER BY 1, 2`)),
      ).replace(restless, '');
    return rows;
  }

  const tokenIn = (page: Answer | undefined): string => /name="csrf" value="([^"]+)"/.exec(page?.text ?? '')?.[1] ?? '';
  const at = (path: string): string => provider.base + path;

  function send(path: string, csrf: string | undefined, headers: Record<string, string>): Promise<Answer> {
    const fields = {
      action: 'save',
      name: 'Forged',
      username: 'forged',
      ...fieldsOfPath[path],
      ...(csrf === undefined ? {} : { csrf }),
    };
    return admin.send(at(path), {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers },
      body: new URLSearchParams(fields).toString(),
    });
  }

  it.each<[string, (good: string, strange: string) => [string | undefined, Record<string, string>]]>([
    ['from our page without a token', () => [undefined, { Origin: provider.issuer }]],
    ['with the token of another browser', (_good, strange) => [strange, { Origin: provider.issuer }]],
    ['with a token that was changed', (good) => [`${good.slice(0, -2)}xx`, { Origin: provider.issuer }]],
    ['with a good token, from another site', (good) => [good, { Origin: 'https://evil.test' }]],
    ['with a good token, from a sandbox', (good) => [good, { Origin: 'null' }]],
    ['with a good token, from another site of the same kin', (good) => [good, { 'Sec-Fetch-Site': 'same-site' }]],
    ['with a good token, led here from elsewhere', (good) => [good, { Referer: 'https://evil.test/' }]],
    ['with a good token, and no word of where it comes from', (good) => [good, {}]],
  ])('%s changes nothing, at any address that takes one', async (_name, forge) => {
    const stranger = new Browser();
    const strange = tokenIn(await stranger.open(at('/login')));
    const before = await everything();
    const all = paths();
    expect(all.length).toBeGreaterThan(40);
    for (const path of all) {
      const good = tokenIn(await admin.open(at('/account')));
      expect([good, strange]).not.toContain('');
      const answer = await send(path, ...forge(good, strange));
      const isRefused = answer.status === 403 || (answer.location ?? '').endsWith('done=refused');
      // Nobody owes a factor here: there is no form to send.
      const hasNoForm = path === '/login/factor' && answer.location === at('/home');
      // Of what another site sent nothing is read, so the link or request that it names is not there.
      const namesNothing =
        ['/email/confirm', '/password/set', '/consent', '/account/factors/remove'].includes(path) &&
        answer.status >= 400;
      expect([path, answer.status, isRefused || hasNoForm || namesNothing]).toEqual([path, answer.status, true]);
    }
    expect(await everything()).toEqual(before);
  });

  it('is told apart from an honest one, which the same fields make', async () => {
    const before = await everything();
    for (const path of ['/grant', '/session', '/consent', '/password/set', '/client', '/user']) {
      const good = tokenIn(await admin.open(at('/account')));
      const answer = await send(path, good, { Origin: provider.issuer });
      expect([path, answer.status < 400]).toEqual([path, true]);
    }
    const after = await everything();
    for (const table of ['grants', 'sessions', 'clients', 'users', 'consents', 'one_time_links', 'audit_events'])
      expect([table, after[table] === before[table]]).toEqual([table, false]);
  });
});
