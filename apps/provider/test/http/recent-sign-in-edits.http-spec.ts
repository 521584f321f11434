import type { Client } from '@gatehouse/domain/oauth';
import { apiControllers } from '../../src/api/v1/api-controllers';
import { operationOf } from '../../src/api/v1/operation';
import { ClientsService } from '../../src/clients/clients.service';
import { ResourcesService } from '../../src/resources/resources.service';
import { UsersService } from '../../src/users/users.service';
import { adminApi, administrating, callerOf } from '../support/admin-api';
import { Browser, type Answer } from '../support/browser';
import { addApp, givePassword } from '../support/factors';
import { changed, fieldsOf, sendFields } from '../support/forms';
import { startProvider, type TestProvider } from '../support/provider';
import { addResource } from '../support/resources';
import { obtainTokens } from '../support/tokens';

/** Operations of the API that a token of a sign-in of any age may call. */
const exemptOperations = [
  'DELETE invitations/:id',
  'POST messages/:id/retry',
  // A fixed text to the own address, five in ten minutes.
  'POST settings/test-message',
  'DELETE grants/:id',
  'DELETE tokens/:id',
  'DELETE sessions/:id',
  'PATCH clients/:id',
  'POST clients/:id/restrict',
  'POST clients/:id/disable',
  'PATCH resources/:id',
];

describe('a sign-in of more than ten minutes', () => {
  let provider: TestProvider;
  let client: Client;
  let people = 0;

  beforeAll(async () => {
    provider = await startProvider({ env: { GATEHOUSE_THROTTLE: 'off' } });
    ({ client } = await provider.addClient({ name: 'Target' }));
  });
  afterAll(() => provider.close());

  const at = (path: string): string => provider.base + path;
  const users = (): UsersService => provider.app.get(UsersService);

  async function person(roles: string[]): Promise<{ browser: Browser; user: { username: string; password: string } }> {
    const user = await provider.addUser({ username: `sender-${++people}`, roles });
    return { browser: await provider.logIn(user), user };
  }

  const isSignIn = ({ location }: Answer): boolean => /\/login\?next=[^&]+&prompt=login$/.test(location ?? '');

  it('edits of a client what is no credential and no identity, and stops one at once', async () => {
    const { browser } = await person(['admin']);
    await browser.open(at(`/client/update/${client.id}`));
    const fields = fieldsOf(browser, '/client/update/');
    provider.clock.advance(601);
    const described = changed(fields, { contacts: 'help@client.test', action: 'save' });
    expect((await sendFields(browser, described, '/client/update/')).location).toContain('done=saved');
    await browser.open(at(`/client/update/${client.id}`));
    const trusted = changed(fieldsOf(browser, '/client/update/'), { scope: ['openid', 'roles'], action: 'save' });
    expect(isSignIn(await sendFields(browser, trusted, '/client/update/'))).toBe(true);
    await browser.open(at(`/client/update/${client.id}/danger`));
    const state = fieldsOf(browser, '/client/state/').filter(([name]) => name === 'csrf');
    const disabled = await sendFields(browser, [...state, ['action', 'disable']], '/client/state/');
    expect(disabled.location).toContain('done=changed');
    expect((await provider.app.get(ClientsService).findFresh(client.id))?.disabledAt).toBeDefined();
  });

  it.each(['admin', 'developer'])(
    'renames no client, adds no redirect URI and drops no restriction as %s',
    async (role) => {
      const { browser, user } = await person([role]);
      const { id: ownerId } = (await users().findByUsername(user.username)) ?? {};
      const own = await provider.addClient({ name: 'Redirected', ownerId, requirePushedAuthorizationRequests: true });
      const path = `/client/update/${own.client.id}`;
      provider.clock.advance(601);
      for (const [tab, change] of [
        ['', { name: 'Your bank' }],
        ['', { redirectUri: [...own.client.redirectUris, 'https://evil.test/cb'] }],
        ['/tokens', { grantType: [...own.client.grantTypes, 'urn:ietf:params:oauth:grant-type:device_code'] }],
        ['/advanced', { requirePushedAuthorizationRequests: [] }],
        ['/advanced', { pkceRequired: [] }],
      ] as const) {
        await browser.open(at(`${path}${tab}`));
        const sent = changed(fieldsOf(browser, path), { ...change, action: 'save' });
        expect([change, isSignIn(await sendFields(browser, sent, path))]).toEqual([change, true]);
      }
      expect(await provider.app.get(ClientsService).findFresh(own.client.id)).toEqual(own.client);
    },
  );

  it('changes an API by nothing but narrowing it', async () => {
    const { browser, user } = await person(['admin']);
    await addResource(provider, {
      identifier: 'urn:closed',
      scopes: [
        { name: 'pay', sentence: 'Move money' },
        { name: 'see', sentence: 'See payments' },
      ],
      tokenFormat: 'opaque',
      accessTokenLifetimeSeconds: 300,
    });
    const find = async () => (await provider.app.get(ResourcesService).getAll(['urn:closed']))[0];
    const path = `/resource/update/${(await find())?.id}`;
    provider.clock.advance(601);
    await browser.open(at(path));
    const narrowed = changed(fieldsOf(browser, path), { lifetime: '200', action: 'save' });
    expect((await sendFields(browser, narrowed, path)).location).toContain('done=saved');
    const before = await find();
    for (const change of [
      { identifier: 'urn:moved' },
      { name: 'Harmless' },
      { scope: ['pay', 'see', 'admin'], sentence: ['Move money', 'See payments', 'See your name'] },
      { sentence: ['See your first name', 'See payments'] },
      { lifetime: '31536000' },
      { lifetime: '' },
      { tokenFormat: 'jwt' },
    ]) {
      await browser.open(at(path));
      const sent = changed(fieldsOf(browser, path), { ...change, action: 'save' });
      expect([change, isSignIn(await sendFields(browser, sent, path))]).toEqual([change, true]);
    }
    expect(await find()).toEqual(before);
    await browser.open(at(path));
    const opened = changed(fieldsOf(browser, path), { access: 'anyone', action: 'save' });
    const stale = await sendFields(browser, opened, path);
    expect(isSignIn(stale)).toBe(true);
    expect((await find())?.access).toBe('consent');
    await browser.open(stale.location ?? '');
    await givePassword(provider, user, browser);
    expect((await sendFields(browser, fieldsOf(browser, path), path)).location).toContain('done=saved');
    expect((await find())?.access).toBe('anyone');
  });

  describe('of a token at the administration API (RFC 9470)', () => {
    async function personal(): Promise<{ call: ReturnType<typeof callerOf>['call']; browser: Browser }> {
      const registered = await provider.addClient({ name: 'Console', scope: ['openid', 'gatehouse:admin'] });
      const { browser } = await person(['admin']);
      const tokens = await obtainTokens(provider, browser, registered, { scope: 'gatehouse:admin' });
      return { ...callerOf(provider, tokens.access_token), browser };
    }

    it('must sign in again for every operation that changes something, unlike a service account', async () => {
      const { call } = await personal();
      provider.clock.advance(601);
      const machine = await adminApi(provider);
      const letIn: string[] = [];
      for (const controller of apiControllers) {
        const root = String(Reflect.getMetadata('path', controller)).replace('/api/admin/v1/', '');
        for (const name of Object.getOwnPropertyNames(controller.prototype)) {
          const method: unknown = Object.getOwnPropertyDescriptor(controller.prototype, name)?.value;
          if (!operationOf(method)) continue;
          const verb =
            ['GET', 'POST', 'PUT', 'DELETE', 'PATCH'][Number(Reflect.getMetadata('method', method as object))] ?? '';
          const path = `${root}/${String(Reflect.getMetadata('path', method as object))}`.replace(/\/+$/, '');
          if (verb === 'GET') continue;
          const address = path.replace(/:\w+/g, '1');
          const answer = await call(verb, address, {});
          const challenge = answer.headers['www-authenticate'] ?? '';
          if (!challenge.includes('insufficient_user_authentication')) letIn.push(`${verb} ${path}`);
          else expect([path, answer.status, challenge.includes('max_age="600"')]).toEqual([path, 401, true]);
          // Rotating would be done.
          if (path !== 'keys/rotate')
            expect([path, (await machine.call(verb, address, {})).status === 401]).toEqual([path, false]);
        }
      }
      expect(letIn.sort()).toEqual([...exemptOperations].sort());
    });

    it('changes of a client what is no credential and no identity', async () => {
      const { call } = await personal();
      const { client: own } = await provider.addClient({ name: 'Changing' });
      provider.clock.advance(601);
      expect((await call('PATCH', `clients/${own.id}`, { contacts: ['help@client.test'] })).status).toBe(200);
      for (const change of [
        { client_name: 'Changed' },
        { service_account: true },
        { scope: 'openid gatehouse:read' },
        { require_consent: false },
        { redirect_uris: [...own.redirectUris, 'https://evil.test/cb'] },
        { require_pkce: false },
        { grant_types: [...own.grantTypes, 'client_credentials'] },
      ]) {
        const refused = await call('PATCH', `clients/${own.id}`, change);
        expect([change, refused.status]).toEqual([change, 401]);
      }
    });

    it('gives no scopes to a service account, and changes an API by nothing but narrowing it', async () => {
      const { call } = await personal();
      const { client: service } = await provider.addClient({ name: 'Payroll', ...administrating, scope: ['read'] });
      const scopes = [
        { name: 'a', sentence: 'A' },
        { name: 'b', sentence: 'B' },
      ];
      const body = { identifier: 'urn:made', name: 'Made', scopes, token_format: 'opaque' };
      const made = await call('POST', 'resources', body);
      expect(made.status).toBe(201);
      const path = `resources/${made.json<{ id: string }>().id}`;
      expect((await call('PATCH', path, { access_token_lifetime: 300 })).status).toBe(200);
      provider.clock.advance(601);
      expect((await call('PATCH', `clients/${service.id}`, { scope: 'read payroll:pay' })).status).toBe(401);
      expect((await call('POST', 'resources', { ...body, identifier: 'urn:another' })).status).toBe(401);
      for (const change of [
        { name: 'Renamed' },
        { identifier: 'urn:another' },
        { allow: 'anyone' },
        { scopes: [...scopes, { name: 'c', sentence: 'C' }] },
        { scopes: [{ name: 'a', sentence: 'Harmless' }] },
        { token_format: 'jwt' },
        { access_token_lifetime: 301 },
        { access_token_lifetime: null },
      ])
        expect([change, (await call('PATCH', path, change)).status]).toEqual([change, 401]);
      expect((await call('PATCH', path, { scopes: scopes.slice(1), access_token_lifetime: 60 })).status).toBe(200);
      expect((await (await adminApi(provider)).call('PATCH', path, { allow: 'anyone' })).status).toBe(200);
      expect((await call('PATCH', path, { allow: 'consent' })).status).toBe(200);
    });

    it('must present the second factor that its sign-in lacks', async () => {
      const { call, browser } = await personal();
      expect((await call('POST', 'users', { username: 'before-the-factor' })).status).toBe(201);
      await addApp(provider, browser);
      const refused = await call('POST', 'users', { username: 'after-the-factor' });
      expect(refused.status).toBe(401);
      expect(refused.headers['www-authenticate']).toContain(
        'acr_values="http://schemas.openid.net/pape/policies/2007/06/multi-factor", max_age="600"',
      );
    });
  });
});
