import { randomUUID } from 'node:crypto';
import { operationRunner } from '../../src/cli/run-operation';
import { Refused } from '../../src/cli/errors';
import type { CommandContext } from '../../src/cli/command';
import { userActions } from '../../src/cli/actions/user';
import { ClientsService } from '../../src/clients/clients.service';
import { TrustedIssuers } from '../../src/trusted-issuers/trusted-issuers.service';
import { ResourcesService } from '../../src/resources/resources.service';
import { SETTINGS } from '../../src/config/settings.token';
import { UpdateUser } from '../../src/users/operations/update-user';
import { UsersService } from '../../src/users/users.service';
import { adminApi, type AdminApiClient } from '../support/admin-api';
import { Browser, type Answer } from '../support/browser';
import { fieldsOf, sendFields } from '../support/forms';
import { startProvider, type TestProvider } from '../support/provider';

/** Two administrators who have one record open: the later one is warned, and overwrites only what they have seen. */
describe('a record that was changed concurrently', () => {
  let provider: TestProvider;
  let api: AdminApiClient;
  let admin: Browser;
  let other: Browser;

  beforeAll(async () => {
    provider = await startProvider();
    api = await adminApi(provider);
    admin = await provider.logIn(await provider.addUser({ roles: ['admin'] }));
    other = await provider.logIn(await provider.addUser({ roles: ['admin'] }));
  });
  afterAll(() => provider.close());

  interface Kind {
    readonly path: string;
    /** The field of the form and the member of the API that is changed. */
    readonly field: string;
    readonly member: string;
    /** Of the form and of the API alike. */
    readonly id: string;
    readonly collection: string;
    value(): Promise<unknown>;
  }

  const kinds = {
    async user(): Promise<Kind> {
      const { id } = await provider.addUser({ name: 'First' });
      const value = async (): Promise<unknown> => (await provider.app.get(UsersService).find(id))?.name;
      return { path: '/user', field: 'name', member: 'name', id, collection: 'users', value };
    },
    async client(): Promise<Kind> {
      const { client } = await provider.addClient({ name: 'First' });
      const value = async (): Promise<unknown> => (await provider.app.get(ClientsService).findFresh(client.id))?.name;
      return { path: '/client', field: 'name', member: 'client_name', id: client.id, collection: 'clients', value };
    },
    async resource(): Promise<Kind> {
      const made = await api.call('POST', 'resources', {
        identifier: `urn:${randomUUID()}`,
        name: 'First',
        scopes: [],
      });
      const id = String(made.json()['id']);
      const value = async (): Promise<unknown> => (await provider.app.get(ResourcesService).findFresh(id))?.name;
      return { path: '/resource', field: 'name', member: 'name', id, collection: 'resources', value };
    },
    async issuer(): Promise<Kind> {
      const { client } = await provider.addClient();
      const made = await api.call('POST', 'issuers', {
        issuer: `https://${randomUUID()}.example`,
        name: 'First',
        jwks_uri: 'https://keys.example/',
        subject: 'username',
        clients: [client.id],
        scope: 'read',
      });
      const id = String(made.json()['id']);
      const value = async (): Promise<unknown> => (await provider.app.get(TrustedIssuers).findFresh(id))?.name;
      return { path: '/issuer', field: 'name', member: 'name', id, collection: 'issuers', value };
    },
  };

  const names = Object.keys(kinds) as (keyof typeof kinds)[];
  const open = (browser: Browser, { path, id }: Kind): Promise<Answer> =>
    browser.open(`${provider.base}${path}/update/${id}`);
  const save = (browser: Browser, { path, id, field }: Kind, value: string): Promise<Answer> => {
    const action = `${path}/update/${id}`;
    const fields = fieldsOf(browser, action).filter(([name]) => name !== field && name !== 'action');
    return sendFields(browser, [...fields, [field, value], ['action', 'save']], action);
  };

  it.each(names)('a %s at a page: what was typed is shown again, and saved when it is sent again', async (name) => {
    const kind = await kinds[name]();
    await open(admin, kind);
    await open(other, kind);
    expect((await save(other, kind, 'Theirs')).status).toBe(303);
    const told = await save(admin, kind, 'Ours');
    expect([told.status, told.text.includes('Somebody else changed this meanwhile')]).toEqual([409, true]);
    expect(told.text).toContain('value="Ours"');
    expect(await kind.value()).toBe('Theirs');
    admin.page = told;
    expect((await save(admin, kind, 'Ours')).status).toBe(303);
    expect(await kind.value()).toBe('Ours');
  });

  it.each(names)('a %s by the API: If-Match names the state (RFC 9110 13.1.1)', async (name) => {
    const { collection, id, member, value } = await kinds[name]();
    const read = await api.call('GET', `${collection}/${id}`);
    const tag = String(read.headers['etag']);
    expect(tag).toMatch(/^"[\w-]{22}"$/);
    const patch = (to: string, headers: Record<string, string> = {}): Promise<Answer> =>
      api.call('PATCH', `${collection}/${id}`, { [member]: to }, headers);
    const changed = await patch('Second', { 'If-Match': tag });
    expect(changed.status).toBe(200);
    expect(changed.headers['etag']).not.toBe(tag);
    const late = await patch('Third', { 'If-Match': tag });
    expect([late.status, late.json()['type']]).toEqual([412, expect.stringMatching(/#problem-changed$/)]);
    expect((await patch('Third', { 'If-Match': `W/${String(changed.headers['etag'])}` })).status).toBe(412);
    expect(await value()).toBe('Second');
    expect((await patch('Third', { 'If-Match': `"x", ${String(changed.headers['etag'])}` })).status).toBe(200);
    expect((await patch('Fourth', { 'If-Match': '*' })).status).toBe(200);
    expect((await patch('Fifth')).status).toBe(200);
    expect((await api.call('GET', `${collection}/${id}`)).headers['etag']).not.toBe(tag);
  });

  it.each(names)('a %s of which several members are patched at once keeps every change', async (name) => {
    const { collection, id, member } = await kinds[name]();
    const second = { users: 'nickname', clients: 'client_uri', resources: 'access_token_lifetime', issuers: 'scope' }[
      collection
    ];
    const values: Record<string, unknown> = {
      nickname: 'Nick',
      client_uri: 'https://client.test/',
      access_token_lifetime: 77,
      scope: 'read write',
    };
    const patches = [{ [member]: 'Both' }, { [second ?? '']: values[second ?? ''] }];
    let waiting = patches;
    // The slower ones get a conflict and try again.
    for (let round = 0; waiting.length > 0 && round < 5; round += 1) {
      const answers = await Promise.all(waiting.map((patch) => api.call('PATCH', `${collection}/${id}`, patch)));
      waiting = waiting.filter((_, at) => answers[at]?.status !== 200);
    }
    const now = (await api.call('GET', `${collection}/${id}`)).json();
    expect(now).toMatchObject({ [member]: 'Both', [second ?? '']: values[second ?? ''] });
  });

  it('a row that is added to a form does not make it new', async () => {
    const kind = await kinds.client();
    await open(admin, kind);
    await open(other, kind);
    await save(other, kind, 'Theirs');
    const action = `${kind.path}/update/${kind.id}`;
    const fields = fieldsOf(admin, action).filter(([field]) => field !== 'action');
    admin.page = await sendFields(admin, [...fields, ['action', 'add-redirect-uri']], action);
    expect((await save(admin, kind, 'Ours')).status).toBe(409);
  });

  it('a user on the command line: a role that was removed since is not restored', async () => {
    const { id } = await provider.addUser({ username: 'demoted', roles: ['admin'] });
    const now = provider.clock.now();
    const run = operationRunner(provider.app, now);
    const context: CommandContext = {
      app: provider.app,
      store: provider.store,
      settings: provider.app.get(SETTINGS, { strict: false }),
      now,
      readStdin: () => Promise.resolve(''),
      execute: async (type, input) => {
        // Between the command's read and its unit of work.
        await provider.execute(UpdateUser, { id, draft: { username: 'demoted', roles: ['user'] } });
        return run(type, input);
      },
    };
    const outcome = userActions.update(context, { username: 'demoted', name: 'New Name' });
    await expect(outcome).rejects.toThrow(Refused);
    expect(await provider.app.get(UsersService).find(id)).toMatchObject({ roles: ['user'], name: undefined });
  });
});
