import { request as httpRequest } from 'node:http';
import { apiControllers } from '../../src/api/v1/api-controllers';
import { operationOf } from '../../src/api/v1/operation';
import { UsersService } from '../../src/users/users.service';
import { adminApi, administrating, callerOf, ownToken, shaped } from '../support/admin-api';
import { Browser, send } from '../support/browser';
import { giveFactor, scan } from '../support/factors';
import { authorizationRequest, authorizeUrl, basic, post, startProvider, type TestProvider } from '../support/provider';
import { obtainTokens, refresh } from '../support/tokens';
import { changeClient } from '../support/client-changes';
import { UpdateUser } from '../../src/users/operations/update-user';

describe('who may use the administration’s API', () => {
  let provider: TestProvider;

  beforeAll(async () => {
    provider = await startProvider({ env: { GATEHOUSE_REGISTRATION: 'open' } });
  });
  afterAll(() => provider.close());

  async function personWith(roles: string[], scope: string): Promise<{ id: string; api: ReturnType<typeof callerOf> }> {
    const registered = await provider.addClient({
      name: 'Console',
      scope: ['openid', 'gatehouse:read', 'gatehouse:admin'],
    });
    const user = await provider.addUser({ roles });
    const tokens = await obtainTokens(provider, await provider.logIn(user), registered, { scope });
    return { id: user.id, api: callerOf(provider, tokens.access_token) };
  }

  const newUser = (): object => ({ username: `made-${Math.random().toString(36).slice(2)}` });

  it('nobody without a token, and the challenge says how', async () => {
    const answer = await send(`${provider.base}/api/admin/v1/users`);
    expect([answer.status, answer.headers['content-type']]).toEqual([401, 'application/problem+json']);
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer realm="gatehouse", DPoP /);
    const wrong = await callerOf(provider, 'made-up').call('GET', 'users');
    expect([wrong.status, wrong.headers['www-authenticate']]).toEqual([
      401,
      expect.stringContaining('error="invalid_token"'),
    ]);
  });

  it('every operation rejects a token without the scope, and those that change something the scope to read', async () => {
    const registered = await provider.addClient({ ...administrating, scope: ['something', 'gatehouse:read'] });
    const other = callerOf(provider, await ownToken(provider, registered, 'something'));
    const reader = callerOf(provider, await ownToken(provider, registered, 'gatehouse:read'));
    let seen = 0;
    for (const controller of apiControllers) {
      const root = String(Reflect.getMetadata('path', controller)).replace('/api/admin/v1/', '');
      for (const name of Object.getOwnPropertyNames(controller.prototype)) {
        const method: unknown = Object.getOwnPropertyDescriptor(controller.prototype, name)?.value;
        const operation = operationOf(method);
        if (!operation) continue;
        seen += 1;
        const verb =
          ['GET', 'POST', 'PUT', 'DELETE', 'PATCH'][Number(Reflect.getMetadata('method', method as object))] ?? '';
        const path = `${root}/${String(Reflect.getMetadata('path', method as object)).replace(/:\w+/, '1')}`.replace(
          /\/+$/,
          '',
        );
        const refused = await other.call(verb, path, verb === 'GET' ? undefined : {});
        expect([verb, path, refused.status]).toEqual([verb, path, 403]);
        expect(refused.headers['www-authenticate']).toContain(`scope="${operation.requiredScope}"`);
        if (verb === 'GET') {
          expect(operation.requiredScope).toBe('gatehouse:read');
          continue;
        }
        expect(operation.requiredScope).toBe('gatehouse:admin');
        expect([verb, path, (await reader.call(verb, path, {})).status]).toEqual([verb, path, 403]);
      }
    }
    expect(seen).toBeGreaterThan(40);
  });

  it('a person by the lesser of the scope and their role, as it is now', async () => {
    const admin = await personWith(['admin'], 'gatehouse:admin');
    const made = await admin.api.call('POST', 'users', newUser());
    expect(made.status).toBe(201);
    const reading = await personWith(['admin'], 'gatehouse:read');
    expect((await reading.api.call('GET', 'users')).status).toBe(200);
    expect((await reading.api.call('POST', 'users', newUser())).status).toBe(403);
    const auditor = await personWith(['auditor'], 'gatehouse:admin');
    expect((await auditor.api.call('GET', 'audit-events')).status).toBe(200);
    expect((await auditor.api.call('POST', 'users', newUser())).status).toBe(403);
    for (const role of ['developer', 'user']) {
      const { api } = await personWith([role], 'gatehouse:admin');
      expect([role, (await api.call('GET', 'users')).status]).toEqual([role, 403]);
    }
    const user = await provider.app.get(UsersService).find(admin.id);
    if (!user) throw new Error('no user');
    await provider.execute(UpdateUser, { id: user.id, draft: { ...user, roles: ['user'] } });
    expect((await admin.api.call('GET', 'users')).status).toBe(403);
    const log = await (await adminApi(provider)).call('GET', `audit-events?type=user.created&user_id=${admin.id}`);
    expect(log.json<{ items: object[] }>().items).toEqual(
      expect.arrayContaining([expect.objectContaining({ actor_id: admin.id })]),
    );
  });

  it('a person by a login with a second factor, where a role of theirs demands one', async () => {
    const registered = await provider.addClient({ name: 'Console', scope: ['openid', 'gatehouse:read'] });
    const user = await provider.addUser({ roles: ['auditor'] });
    const browser = await provider.logIn(user);
    const without = await obtainTokens(provider, browser, registered, { scope: 'gatehouse:read' });
    expect((await callerOf(provider, without.access_token).call('GET', 'users')).status).toBe(200);
    const { call } = await adminApi(provider);
    expect((await call('PUT', 'roles/auditor', { second_factor: true })).status).toBe(200);
    try {
      const refused = await callerOf(provider, without.access_token).call('GET', 'users');
      expect([refused.status, refused.text.includes('second factor')]).toEqual([403, true]);
      await browser.open(`${provider.base}/login/factor`);
      const app = scan(provider, browser);
      await giveFactor(browser, { action: 'add-app', otp: app.code() });
      const tokens = await obtainTokens(provider, browser, registered, { scope: 'gatehouse:read' });
      expect((await callerOf(provider, tokens.access_token).call('GET', 'users')).status).toBe(200);
    } finally {
      await call('PUT', 'roles/auditor', { second_factor: false });
    }
  });

  it('by no grant that outlives the factors of its login', async () => {
    const registered = await provider.addClient({ scope: ['openid', 'offline_access', 'gatehouse:read'] });
    const user = await provider.addUser({ roles: ['auditor'] });
    const browser = await provider.logIn(user);
    const tokens = await obtainTokens(provider, browser, registered, { scope: 'openid offline_access gatehouse:read' });
    expect((await callerOf(provider, tokens.access_token).call('GET', 'users')).status).toBe(200);
    const { call } = await adminApi(provider);
    expect((await call('POST', `users/${user.id}/reset-factors`)).status).toBe(204);
    expect((await callerOf(provider, tokens.access_token).call('GET', 'users')).status).toBe(401);
    expect((await refresh(provider, registered, tokens.refresh_token ?? '')).status).toBe(400);
  });

  it('nobody whose role went while they held their body back', async () => {
    const person = await personWith(['admin'], 'gatehouse:admin');
    const users = provider.app.get(UsersService);
    const held = async (method: string, path: string, body: string): Promise<number> => {
      const request = httpRequest(`${provider.base}/api/admin/v1/${path}`, {
        method,
        headers: {
          Authorization: `Bearer ${person.api.token}`,
          'Content-Type': 'application/json',
          'Content-Length': Buffer.byteLength(body),
        },
      });
      const answered = new Promise<number>((resolve, reject) => {
        request
          .on('response', (response) => resolve((response.resume(), response.statusCode ?? 0)))
          .on('error', reject);
      });
      request.write(body.slice(0, 3));
      await new Promise((resolve) => setTimeout(resolve, 200));
      const { username } = (await users.find(person.id)) ?? { username: '' };
      const draft = { username, roles: ['user'] };
      await provider.execute(UpdateUser, { id: person.id, draft });
      request.end(body.slice(3));
      return answered;
    };
    expect(await held('PATCH', `users/${person.id}`, JSON.stringify({ nickname: 'x' }))).toBe(403);
    const made = JSON.stringify({ username: 'made-by-nobody', roles: ['admin'] });
    const admin = ['admin', 'user'];
    const { username } = (await users.find(person.id)) ?? { username: '' };
    await provider.execute(UpdateUser, { id: person.id, draft: { username, roles: admin } });
    expect(await held('POST', 'users', made)).toBe(403);
    expect((await users.find(person.id))?.roles).toEqual(['user']);
    expect(await users.findByUsername('made-by-nobody')).toBeUndefined();
  });

  it('a person is always asked, also at a client that asks for nothing else', async () => {
    const { client } = await provider.addClient({
      name: 'Trusted',
      consentRequired: false,
      scope: ['openid', 'gatehouse:admin'],
    });
    const browser = await provider.logIn(await provider.addUser({ roles: ['admin'] }));
    const plain = await browser.open(authorizeUrl(provider, authorizationRequest(client).parameters));
    expect(plain.location).toContain('code=');
    const asking = authorizationRequest(client, { scope: 'openid gatehouse:admin' }).parameters;
    const silent = await browser.open(authorizeUrl(provider, { ...asking, prompt: 'none' }));
    expect(silent.location).toContain('error=consent_required');
    const page = await browser.open(authorizeUrl(provider, asking));
    expect([page.status, page.text]).toEqual([200, expect.stringContaining('Manage this server for you')]);
  });

  it('a client for itself where an administrator lets it, as long as it is so', async () => {
    const registered = await provider.addClient({
      ...administrating,
      serviceAccount: false,
      scope: ['gatehouse:admin'],
    });
    const refused = await post(
      `${provider.base}/oauth/token`,
      { grant_type: 'client_credentials', scope: 'gatehouse:admin' },
      { Authorization: basic(registered.client, registered.secret) },
    );
    expect(refused.json()).toMatchObject({ error: 'invalid_scope' });

    const api = await adminApi(provider);
    expect((await api.call('GET', 'users')).status).toBe(200);
    await changeClient(provider, api.registered.client.id, { scope: [] });
    expect((await api.call('GET', 'users')).status).toBe(403);
  });

  it('never a client that registered itself, whatever an administrator does', async () => {
    const answer = await send(`${provider.base}/oauth/register`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ client_name: 'Visitor', redirect_uris: ['https://visitor.test/cb'] }),
    });
    const id = String(answer.json()['client_id']);
    const api = await adminApi(provider);
    await api.call('POST', `clients/${id}/approve`);
    const refused = await api.call('PATCH', `clients/${id}`, { scope: 'openid gatehouse:read' });
    expect([refused.status, shaped(refused, 'Problem')]).toEqual([
      400,
      expect.objectContaining({
        errors: [{ pointer: '/scope/1', detail: expect.stringContaining('registered itself') as string }],
      }),
    ]);
  });

  it('no cookie opens it, and no other site’s script reads it', async () => {
    const browser = await provider.logIn(await provider.addUser({ roles: ['admin'] }), new Browser());
    const answer = await browser.send(`${provider.base}/api/admin/v1/users`, {
      headers: { Origin: 'https://evil.test' },
    });
    expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([401, undefined]);
  });
});

describe('what describes the API', () => {
  let provider: TestProvider;
  beforeAll(async () => {
    provider = await startProvider();
  });
  afterAll(() => provider.close());

  it('is an OpenAPI 3.1 document with every operation, its scope and its shapes, and a page', async () => {
    const answer = await send(`${provider.base}/api/admin/v1/openapi.json`);
    const document = answer.json<{
      openapi: string;
      paths: Record<
        string,
        Record<
          string,
          {
            summary: string;
            parameters?: object[];
            security: Record<string, string[]>[];
            responses: object;
            'x-recent-sign-in'?: string;
          }
        >
      >;
      components: { schemas: Record<string, object>; securitySchemes: object };
    }>();
    expect(document.openapi).toBe('3.1.0');
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(operations).toEqual(
      expect.arrayContaining([
        'get /api/admin/v1/users',
        'patch /api/admin/v1/users/{id}',
        'post /api/admin/v1/keys/rotate',
      ]),
    );
    expect(operations.some((each) => each.includes('/oauth/') || each.includes('/client/'))).toBe(false);
    expect(document.paths['/api/admin/v1/users']?.['post']?.security).toEqual([{ gatehouse: ['gatehouse:admin'] }]);
    // Each is described, and neither the documentation itself nor the fallback is among them.
    for (const methods of Object.values(document.paths))
      for (const { summary } of Object.values(methods)) expect(summary).toMatch(/\w/);
    const rotation = document.paths['/api/admin/v1/keys/rotate']?.['post'];
    expect(rotation?.parameters ?? []).toEqual([]);
    expect(rotation?.['x-recent-sign-in']).toBe('always');
    expect(document.paths['/api/admin/v1/keys']?.['get']).not.toHaveProperty('x-recent-sign-in');
    // Whatever a reference names is there.
    for (const [, name] of answer.text.matchAll(/"#\/components\/schemas\/(\w+)"/g))
      expect(Object.keys(document.components.schemas)).toContain(name);

    const page = await send(`${provider.base}/api/admin/v1/docs`, { headers: { Accept: 'text/html' } });
    expect(page.status).toBe(200);
    for (const operation of operations) {
      const [method = '', path = ''] = operation.split(' ');
      expect(page.text).toContain(`<b>${method.toUpperCase()}</b> ${path}`);
    }
  });
});
