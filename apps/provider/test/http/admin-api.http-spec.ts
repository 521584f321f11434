import { ClientsService } from '../../src/clients/clients.service';
import { adminApi, pageOf, shaped, type AdminApiClient } from '../support/admin-api';
import { startProvider, type TestProvider } from '../support/provider';
import { obtainTokens } from '../support/tokens';

describe('the administration’s API', () => {
  let provider: TestProvider;
  let api: AdminApiClient;

  beforeAll(async () => {
    provider = await startProvider({ env: { GATEHOUSE_SIGN_UP: 'invitation' } });
    api = await adminApi(provider);
  });
  afterAll(() => provider.close());

  const events = async (query: string): Promise<Record<string, unknown>[]> =>
    pageOf(await api.call('GET', `audit-events?${query}`), 'AuditEvent').items;

  describe('users', () => {
    it('whose address is not verified come with a warning, when they are added and when it changes', async () => {
      const added = await api.call('POST', 'users', { username: 'mailed', email: 'mailed@mail.test' });
      const user = shaped(added, 'NewUser');
      const warnings = [expect.stringContaining('Set email_verified to true')];
      expect(user).toMatchObject({ email_verified: false, warnings });
      const at = `users/${String(user['id'])}`;
      expect(shaped(await api.call('PATCH', at, { email_verified: true }), 'ChangedUser')).not.toHaveProperty(
        'warnings',
      );
      const moved = await api.call('PATCH', at, { email: 'moved@mail.test' });
      expect(shaped(moved, 'ChangedUser')).toMatchObject({ email_verified: false, warnings });
      expect(shaped(await api.call('PATCH', at, { name: 'Moved' }), 'ChangedUser')).not.toHaveProperty('warnings');
    });

    it('are added, changed, disabled, enabled and deleted; the log names the client', async () => {
      const added = await api.call('POST', 'users', {
        username: 'ada',
        email: 'ada@example.com',
        email_verified: true,
        nickname: 'A.',
        address: { locality: 'London' },
        roles: ['developer'],
      });
      expect(added.status).toBe(201);
      const user = shaped(added, 'NewUser');
      expect(user).toMatchObject({
        username: 'ada',
        nickname: 'A.',
        address: { locality: 'London' },
        has_password: false,
      });
      expect(user['password_link']).toMatch(/^http.*\/password\/set\?/);
      expect(added.headers['location']).toBe(`/api/admin/v1/users/${String(user['id'])}`);

      const changed = await api.call('PATCH', `users/${String(user['id'])}`, {
        name: 'Ada Lovelace',
        nickname: null,
        address: { country: 'UK' },
        roles: ['developer', 'user'],
      });
      const after = shaped(changed, 'ChangedUser');
      expect(after).toMatchObject({
        name: 'Ada Lovelace',
        email: 'ada@example.com',
        email_verified: true,
        address: { locality: 'London', country: 'UK' },
        roles: ['developer', 'user'],
      });
      expect(after).not.toHaveProperty('nickname');
      const moved = await api.call('PATCH', `users/${String(user['id'])}`, { email: 'other@example.com' });
      expect(shaped(moved, 'ChangedUser')).toMatchObject({ email: 'other@example.com', email_verified: false });

      expect(shaped(await api.call('POST', `users/${String(user['id'])}/disable`), 'User')['disabled']).toBe(true);
      expect((await api.call('POST', `users/${String(user['id'])}/password-link`)).status).toBe(409);
      expect(shaped(await api.call('POST', `users/${String(user['id'])}/enable`), 'User')['disabled']).toBe(false);
      shaped(await api.call('POST', `users/${String(user['id'])}/password-link`), 'PasswordLink');
      expect((await api.call('POST', `users/${String(user['id'])}/reset-factors`)).status).toBe(204);
      expect((await api.call('DELETE', `users/${String(user['id'])}`)).status).toBe(204);
      expect((await api.call('GET', `users/${String(user['id'])}`)).status).toBe(404);

      const told = await events(`user_id=${String(user['id'])}`);
      expect(told.map(({ type }) => type)).toEqual(
        expect.arrayContaining([
          'user.created',
          'user.updated',
          'user.disabled',
          'user.enabled',
          'factor.reset',
          'user.deleted',
        ]),
      );
      for (const event of told)
        expect(event).toMatchObject({ actor_id: null, details: { via_client: api.registered.client.id } });
      // The newest first.
      expect(told.find(({ type }) => type === 'user.updated')?.['changes']).toEqual({
        email: { before: 'ada@example.com', after: 'other@example.com' },
        email_verified: { before: true, after: false },
      });
      expect(told.find(({ type }) => type === 'user.disabled')?.['changes']).toEqual({
        disabled: { before: false, after: true },
      });
    });

    it('can log in at once with a password that is given', async () => {
      const password = 'a few quiet words';
      shaped(await api.call('POST', 'users', { username: 'grace', password }), 'NewUser');
      await provider.logIn({ username: 'grace', password });
    });

    it('come page by page in the order of their names, narrowed by role and beginning', async () => {
      for (const name of ['page-a', 'page-b', 'page-c']) await api.call('POST', 'users', { username: name });
      const first = await api.call('GET', 'users?limit=2&q=page-');
      const page = pageOf(first, 'User');
      expect(page.items.map(({ username }) => username)).toEqual(['page-a', 'page-b']);
      expect(first.headers['link']).toContain(`cursor=${String(page.next)}`);
      const second = pageOf(await api.call('GET', `users?limit=2&q=page-&cursor=${String(page.next)}`), 'User');
      expect([second.items.map(({ username }) => username), second.next]).toEqual([['page-c'], null]);
      const admins = pageOf(await api.call('GET', 'users?role=admin'), 'User');
      expect(admins.items.map(({ username }) => username)).toEqual(['admin']);
    });

    it('are found by a part of a name, page by page', async () => {
      for (const username of ['found-a', 'found-b'])
        await api.call('POST', 'users', { username, name: 'Renée Müller', email: `${username}@search.example` });
      for (const q of ['muller', 'RENÉE', 'search.example']) {
        const query = `users?limit=1&q=${encodeURIComponent(q)}`;
        const first = pageOf(await api.call('GET', query), 'User');
        expect(first.items.map(({ username }) => username)).toEqual(['found-a']);
        const second = pageOf(await api.call('GET', `${query}&cursor=${String(first.next)}`), 'User');
        expect([second.items.map(({ username }) => username), second.next]).toEqual([['found-b'], null]);
      }
    });

    it('keep their last administrator', async () => {
      const [admin] = pageOf(await api.call('GET', 'users?role=admin'), 'User').items;
      const id = String(admin?.['id']);
      for (const [method, path, body] of [
        ['DELETE', `users/${id}`],
        ['POST', `users/${id}/disable`],
        ['PATCH', `users/${id}`, { roles: ['user'] }],
      ] as const) {
        const refused = await api.call(method, path, body);
        expect([400, 409]).toContain(refused.status);
        shaped(refused, 'Problem');
      }
    });
  });

  describe('clients', () => {
    const draft = {
      client_name: 'Wiki',
      redirect_uris: ['https://wiki.test/cb'],
      scope: 'openid profile',
      grant_types: ['authorization_code', 'refresh_token'],
    };

    it('are added with a secret that works, changed, decided about, and deleted', async () => {
      const made = shaped(await api.call('POST', 'clients', { ...draft, require_consent: false }), 'ClientWithSecret');
      const id = String(made['client_id']);
      expect(made).toMatchObject({ source: 'admin', approved: true, require_consent: false, require_pkce: true });
      const person = await provider.logIn(await provider.addUser());
      const client = await provider.app.get(ClientsService).find(id);
      if (!client) throw new Error('no client');
      const tokens = await obtainTokens(provider, person, { client, secret: String(made['client_secret']) });
      expect(tokens.access_token).toBeDefined();

      const grants = pageOf(await api.call('GET', `grants?client_id=${id}`), 'Grant');
      expect(grants.items).toHaveLength(1);
      const live = pageOf(await api.call('GET', `tokens?client_id=${id}`), 'Token');
      expect(live.items).toHaveLength(1);
      expect((await api.call('DELETE', `tokens/${String(live.items[0]?.['id'])}`)).status).toBe(204);
      expect((await api.call('DELETE', `grants/${String(grants.items[0]?.['id'])}`)).status).toBe(204);
      expect(pageOf(await api.call('GET', `grants?client_id=${id}`), 'Grant').items).toEqual([]);

      const patched = shaped(
        await api.call('PATCH', `clients/${id}`, {
          redirect_uris: ['https://wiki.test/other'],
          contacts: ['a@b.test'],
          refresh_token_rotation: 'always',
        }),
        'ClientWithSecret',
      );
      expect(patched).toMatchObject({
        redirect_uris: ['https://wiki.test/other'],
        contacts: ['a@b.test'],
        refresh_token_rotation: 'always',
        require_consent: false,
        client_name: 'Wiki',
      });
      expect(patched).not.toHaveProperty('client_secret');
      expect(shaped(await api.call('POST', `clients/${id}/disable`), 'Client')['disabled']).toBe(true);
      expect(shaped(await api.call('POST', `clients/${id}/enable`), 'Client')['disabled']).toBe(false);
      const rotated = shaped(
        await api.call('POST', `clients/${id}/rotate-secret`, { overlap_seconds: 0 }),
        'ClientSecret',
      );
      expect(rotated['client_secret']).not.toBe(made['client_secret']);
      expect((await api.call('DELETE', `clients/${id}`)).status).toBe(204);
      expect((await api.call('GET', `clients/${id}`)).status).toBe(404);
    });

    it('that become public lose their secret’s method by a patch, and need no other member', async () => {
      const { client_id: id } = shaped(await api.call('POST', 'clients', draft), 'ClientWithSecret');
      const patched = await api.call('PATCH', `clients/${String(id)}`, { token_endpoint_auth_method: 'none' });
      expect(shaped(patched, 'ClientWithSecret')).toMatchObject({ token_endpoint_auth_method: 'none' });
    });

    it('name what is wrong by a pointer', async () => {
      const refused = await api.call('POST', 'clients', {
        ...draft,
        redirect_uris: ['https://wiki.test/cb', 'https://wiki.test/#no'],
        scope: 'openid gatehouse:everything',
      });
      expect([refused.status, refused.headers['content-type']]).toEqual([400, 'application/problem+json']);
      const problem = shaped(refused, 'Problem') as { type: string; errors: { pointer: string }[] };
      expect(problem.type).toMatch(/\/api\/admin\/v1\/docs#problem-invalid$/);
      expect(problem.errors.map(({ pointer }) => pointer)).toEqual(['/redirect_uris/1', '/scope/1']);
    });

    it('belong to users that exist', async () => {
      const refused = shaped(await api.call('POST', 'clients', { ...draft, owner_id: 'nobody' }), 'Problem');
      expect(refused).toMatchObject({ errors: [{ pointer: '/owner_id' }] });
    });
  });

  it('has APIs, with their credentials', async () => {
    const made = await api.call('POST', 'resources', {
      identifier: 'https://api.test/',
      name: 'Documents',
      scopes: [{ name: 'documents:read', sentence: 'Read your documents' }],
    });
    const id = String(shaped(made, 'Resource')['id']);
    const patched = shaped(
      await api.call('PATCH', `resources/${id}`, { token_format: 'opaque', access_token_lifetime: 60 }),
      'Resource',
    );
    expect(patched).toMatchObject({ name: 'Documents', token_format: 'opaque', access_token_lifetime: 60 });
    const credentials = await api.call('POST', `resources/${id}/credentials`);
    expect(credentials.status).toBe(201);
    shaped(credentials, 'ClientSecret');
    expect((await api.call('POST', `resources/${id}/credentials`)).status).toBe(409);
    const page = pageOf(await api.call('GET', 'resources?limit=1'), 'Resource');
    expect(page.items[0]).toMatchObject({ id });
    const wrong = await api.call('PATCH', `resources/${id}`, { signing_alg: 'none' });
    expect(shaped(wrong, 'Problem')).toMatchObject({ errors: [{ pointer: '/signing_alg' }] });
    expect((await api.call('DELETE', `resources/${id}`)).status).toBe(204);
  });

  it('ends sessions', async () => {
    const user = await provider.addUser();
    const browser = await provider.logIn(user);
    const page = pageOf(await api.call('GET', `sessions?user_id=${user.id}`), 'Session');
    expect(page.items).toHaveLength(1);
    expect(pageOf(await api.call('GET', 'sessions?limit=1'), 'Session').items).toEqual(page.items);
    expect((await api.call('DELETE', `sessions/${String(page.items[0]?.['id'])}`)).status).toBe(204);
    expect((await browser.open(`${provider.base}/account`)).text).toContain('name="password"');
  });

  it('invites all or none, and withdraws', async () => {
    const wrong = await api.call('POST', 'invitations', { emails: ['one@example.com', 'two'] });
    expect(shaped(wrong, 'Problem')).toMatchObject({ errors: [{ pointer: '/emails/1' }] });
    expect(pageOf(await api.call('GET', 'invitations'), 'Invitation').items).toEqual([]);
    const sent = await api.call('POST', 'invitations', { emails: ['one@example.com', 'two@example.com'] });
    // Without a mail server the links come back, to be passed on.
    const link = expect.stringContaining(`${provider.issuer}/sign-up?invitation=`) as string;
    expect(shaped(sent, 'Invited')).toEqual({
      invited: 2,
      links: ['one', 'two'].map((name) => ({ email: `${name}@example.com`, link })),
    });
    const [newest] = pageOf(await api.call('GET', 'invitations?limit=1'), 'Invitation').items;
    expect((await api.call('DELETE', `invitations/${String(newest?.['id'])}`)).status).toBe(204);
    const tooMany = await api.call('POST', 'invitations', {
      emails: Array.from({ length: 501 }, (_, index) => `${index}@example.com`),
    });
    expect(shaped(tooMany, 'Problem')).toMatchObject({ errors: [{ pointer: '/emails' }] });
  });

  it('has roles, keys, messages and initial access tokens', async () => {
    expect(shaped(await api.call('PUT', 'roles/developer', { second_factor: true }), 'Role')).toEqual({
      role: 'developer',
      second_factor: true,
    });
    expect(pageOf(await api.call('GET', 'roles'), 'Role').items).toContainEqual({
      role: 'developer',
      second_factor: true,
    });
    const before = pageOf(await api.call('GET', 'keys'), 'Key').items;
    const after = pageOf(await api.call('POST', 'keys/rotate', { at_once: true }), 'Key').items;
    expect(after.length).toBeGreaterThan(before.length);
    pageOf(await api.call('GET', 'messages'), 'Message');
    expect((await api.call('POST', 'messages/1/retry')).status).toBe(404);
    const made = await api.call('POST', 'registration-tokens', { name: 'CI', max_uses: 3 });
    const { id } = shaped(made, 'NewRegistrationToken');
    const approving = { name: 'Platform team', approves: true };
    const other = shaped(await api.call('POST', 'registration-tokens', approving), 'NewRegistrationToken');
    const { items } = pageOf(await api.call('GET', 'registration-tokens'), 'RegistrationToken');
    const expected = [
      { id, name: 'CI', approves: false },
      { id: other['id'], ...approving },
    ];
    expect(items).toHaveLength(2);
    expect(items).toEqual(expect.arrayContaining(expected.map((each) => expect.objectContaining(each) as unknown)));
    expect((await api.call('DELETE', `registration-tokens/${String(id)}`)).status).toBe(204);
  });

  describe('bad input', () => {
    it.each([
      ['no JSON', '{', 400, ''],
      ['an array', '[]', 400, ''],
      ['a member that there is not', '{"username":"x","is_admin":true}', 400, '/is_admin'],
      ['a member of another kind', '{"username":1}', 400, '/username'],
      ['a NUL', '{"username":"a\\u0000"}', 400, undefined],
      ['nested too deeply', `{"address":${'{"a":'.repeat(30)}1${'}'.repeat(30)}}`, 400, undefined],
      ['__proto__', '{"username":"x","__proto__":{"roles":["admin"]}}', 400, '/__proto__'],
      ['a taken name', '{"username":"ADMIN"}', 400, '/username'],
    ])('%s is a problem', async (_name, body, status, pointer) => {
      const answer = await api.call('POST', 'users', body);
      const problem = shaped(answer, 'Problem') as { errors?: { pointer: string }[] };
      expect([answer.status, problem.errors?.[0]?.pointer]).toEqual([status, pointer]);
    });

    it('has its limits', async () => {
      expect((await api.call('POST', 'users', `{"username":"${'x'.repeat(300_000)}"}`)).status).toBe(413);
      expect((await api.call('POST', 'users', 'username=x', { 'Content-Type': 'text/plain' })).status).toBe(415);
      // A form is looked at for a token, and is no JSON afterwards either.
      const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
      expect((await api.call('POST', 'users', 'username=x', form)).status).toBe(415);
      for (const query of ['limit=0', 'limit=201', 'limit=1e2', 'cursor=x', 'cursor=W10', 'role=boss'])
        expect([query, (await api.call('GET', `users?${query}`)).status]).toEqual([query, 400]);
      expect((await api.call('GET', 'grants?user_id=a&client_id=b')).status).toBe(400);
    });

    it('at an address that is not there is a problem too', async () => {
      for (const [method, path] of [
        ['GET', 'nothing'],
        ['PUT', 'users'],
        ['DELETE', 'grants/x'],
        ['DELETE', 'tokens/99999999999999999'],
        ['GET', ''],
      ] as const) {
        const answer = await api.call(method, path);
        expect([method, path, answer.status]).toEqual([method, path, 404]);
        shaped(answer, 'Problem');
      }
    });
  });
});
