import { statement } from '@gatehouse/platform/database/store';
import { DeleteClient } from '../../src/clients/operations/delete-client';
import { RotateClientSecret } from '../../src/clients/operations/rotate-client-secret';
import { SetClientState } from '../../src/clients/operations/set-client-state';
import { UpdateClient } from '../../src/clients/operations/update-client';
import { GrantsService } from '../../src/grants/grants.service';
import { RevokeAllGrants } from '../../src/grants/operations/revoke-all-grants';
import { RevokeGrants } from '../../src/grants/operations/revoke-grants';
import type { UserActor } from '../../src/operations/actor';
import { Operations } from '../../src/operations/operations';
import { MakePasswordLink } from '../../src/users/credentials/operations/make-password-link';
import { adminApi, callerOf, type AdminApiClient } from '../support/admin-api';
import { Browser } from '../support/browser';
import { clientKey } from '../support/client-jwts';
import { startProvider, type TestProvider } from '../support/provider';
import { register } from '../support/registration';
import { obtainTokens } from '../support/tokens';

const eventsOf = statement(
  'test.withdrawals',
  `SELECT type, actor_id, subject_id, details FROM audit_events WHERE client_id = $1
   AND type IN ('user.link_withdrawn', 'user.invitation_withdrawn', 'initial_access_token.deleted') ORDER BY selector`,
);

type Call = AdminApiClient['call'];

/** The former owner of the client has seen the links, and would become an administrator with them. */
describe('what was created with the access token of a client', () => {
  let provider: TestProvider;
  let count = 0;
  beforeAll(async () => {
    provider = await startProvider({
      env: { GATEHOUSE_REGISTRATION: 'token', GATEHOUSE_SIGN_UP: 'invitation', GATEHOUSE_THROTTLE: 'off' },
    });
  });
  afterAll(() => provider.close());

  const post = async (call: Call, path: string, body: object = {}): Promise<Record<string, unknown>> => {
    const answer = await call('POST', path, body);
    expect([path, answer.status]).toEqual([path, answer.status < 300 ? answer.status : 'created']);
    return answer.json();
  };
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  const statuses = (links: readonly string[]): Promise<number[]> =>
    Promise.all(links.map(async (link) => (await new Browser().open(link)).status));
  const registerWith = async (token: string): Promise<number> => {
    const headers = { Authorization: `Bearer ${token}` };
    return (await register(provider, { redirect_uris: ['https://a.test/cb'] }, { headers })).status;
  };

  async function createAll(call: Call) {
    const number = ++count;
    const victim = await provider.addUser({ username: `victim-${number}`, roles: ['admin'] });
    const { link } = await post(call, `users/${victim.id}/password-link`);
    const sleeper = await post(call, 'users', { username: `sleeper-${number}`, roles: ['admin'] });
    const emails = [`guest-${number}@people.test`];
    const { links: invited } = await post(call, 'invitations', { emails, roles: ['admin'] });
    const [invitation] = invited as { link: string }[];
    const approving = await post(call, 'registration-tokens', {
      name: 'approving',
      approves: true,
      lifetime_seconds: 30 * 24 * 3600,
    });
    const plain = await post(call, 'registration-tokens', { name: 'plain' });
    return {
      links: [text(link), text(sleeper['password_link']), text(invitation?.link)],
      approving: text(approving['token']),
      plain: text(plain['token']),
      expectedEvents: [
        { type: 'user.link_withdrawn', subject_id: victim.id },
        { type: 'user.link_withdrawn', subject_id: sleeper['id'] },
        { type: 'user.invitation_withdrawn', subject_id: null },
        { type: 'initial_access_token.deleted', subject_id: approving['id'] },
      ],
    };
  }

  const ends: Readonly<Record<string, (id: string) => Promise<unknown>>> = {
    'is disabled': (id) => provider.execute(SetClientState, { id, decision: 'disable' }),
    'is restricted': (id) => provider.execute(SetClientState, { id, decision: 'restrict' }),
    'is deleted': (id) => provider.execute(DeleteClient, { id }),
    'loses its administration scope': (id) => provider.execute(UpdateClient, { id, properties: { scope: ['read'] } }),
    'is handed over': async (id) => {
      const { id: ownerId } = await provider.addUser({ roles: ['developer'] });
      await provider.execute(UpdateClient, { id, properties: { ownerId, scope: ['read'], serviceAccount: false } });
    },
    'gets a new secret that replaces the old one at once': (id) =>
      provider.execute(RotateClientSecret, { id, overlapSeconds: 0 }),
    'gets other credentials': (id) => {
      const jwks = { keys: [clientKey('ES256').publicJwk] };
      return provider.execute(UpdateClient, { id, properties: { authMethod: 'private_key_jwt', jwks } });
    },
  };
  const endsOfServiceAccounts: typeof ends = {
    ...ends,
    'is no longer a service account': (id) =>
      provider.execute(UpdateClient, { id, properties: { serviceAccount: false } }),
  };

  it.each(Object.keys(endsOfServiceAccounts))('ends when the service account %s', async (how) => {
    const { registered, call } = await adminApi(provider);
    const { links, approving, plain, expectedEvents } = await createAll(call);
    expect(await statuses(links)).toEqual([200, 200, 200]);
    await endsOfServiceAccounts[how]?.(registered.client.id);
    expect(await statuses(links)).toEqual([410, 410, 410]);
    expect([await registerWith(approving), await registerWith(plain)]).toEqual([401, 201]);
    const events = await provider.store.all<Record<string, unknown>>(eventsOf, registered.client.id);
    expect(events).toHaveLength(expectedEvents.length);
    expect(events).toEqual(
      expect.arrayContaining(
        expectedEvents.map((event) => expect.objectContaining({ ...event, actor_id: null }) as unknown),
      ),
    );
    for (const { details } of events) expect(JSON.parse(text(details))).toMatchObject({ why: 'client' });
  });

  it.each(Object.keys(ends))('by a user of an application ends when the application %s', async (how) => {
    const browser = await provider.logIn(await provider.addUser({ roles: ['admin'] }));
    const tool = await provider.addClient({ name: 'Tool', scope: ['openid', 'gatehouse:admin'] });
    const tokens = await obtainTokens(provider, browser, tool, { scope: 'openid gatehouse:admin' });
    const { links, approving, plain } = await createAll(callerOf(provider, tokens.access_token).call);
    await ends[how]?.(tool.client.id);
    expect(await statuses(links)).toEqual([410, 410, 410]);
    expect([await registerWith(approving), await registerWith(plain)]).toEqual([401, 201]);
  });

  it('remains when another client ends, when the client is renamed, and when its old secret stays valid', async () => {
    const { registered, call } = await adminApi(provider);
    const { links, approving } = await createAll(call);
    const other = await adminApi(provider);
    await provider.execute(DeleteClient, { id: other.registered.client.id });
    const { id } = registered.client;
    await provider.execute(UpdateClient, { id, properties: { name: 'Renamed' } });
    await provider.execute(RotateClientSecret, { id, overlapSeconds: 60 });
    expect(await statuses(links)).toEqual([200, 200, 200]);
    expect(await registerWith(approving)).toBe(201);
  });

  describe('by a user of an application', () => {
    async function toolOf(count: number) {
      const tool = await provider.addClient({ name: 'Tool', scope: ['openid', 'gatehouse:admin'] });
      const users = [];
      for (let n = 0; n < count; n++) {
        const user = await provider.addUser({ roles: ['admin'] });
        const browser = await provider.logIn(user);
        const tokens = await obtainTokens(provider, browser, tool, { scope: 'openid gatehouse:admin' });
        users.push({ user, browser, created: await createAll(callerOf(provider, tokens.access_token).call) });
      }
      return { clientId: tool.client.id, users };
    }
    type User = Awaited<ReturnType<typeof toolOf>>['users'][number];

    it.each<[string, (user: User, clientId: string) => Promise<unknown>]>([
      [
        'withdraws the consent',
        async ({ browser }, client) => {
          await browser.open(`${provider.base}/account`);
          await browser.submit({ action: 'withdraw', client }, { action: '/account' });
        },
      ],
      [
        'loses all grants for it',
        ({ user }, clientId) => provider.execute(RevokeAllGrants, { userId: user.id, clientId }),
      ],
      ['loses all grants', ({ user }) => provider.execute(RevokeAllGrants, { userId: user.id })],
      [
        'loses the one grant for it',
        async ({ user }) => {
          const { grants } = await provider.app
            .get(GrantsService)
            .list({ userId: user.id, limit: 10 }, provider.clock.now());
          await provider.execute(RevokeGrants, { selectors: grants.map(({ selector }) => selector) });
        },
      ],
    ])('ends when this user %s; what others created remains', async (_how, end) => {
      const { clientId, users } = await toolOf(2);
      const [one, other] = users;
      if (!one || !other) throw new Error('no users');
      await end(one, clientId);
      expect([await statuses(one.created.links), await statuses(other.created.links)]).toEqual([
        [410, 410, 410],
        [200, 200, 200],
      ]);
      const registered = [one.created.approving, one.created.plain, other.created.approving].map(registerWith);
      expect(await Promise.all(registered)).toEqual([401, 201, 201]);
    });

    it('ends when this user loses all grants, but not what they created without an application', async () => {
      const { users } = await toolOf(1);
      const [one] = users;
      if (!one) throw new Error('no user');
      const { id } = await provider.addUser();
      const actor: UserActor = {
        kind: 'person',
        userId: one.user.id,
        roles: ['admin'],
        signIn: { authTime: provider.clock.now(), amr: ['pwd'] },
        hasSecondFactor: false,
        now: provider.clock.now(),
        requestId: 'test',
        address: '127.0.0.1',
      };
      const link = await provider.app.get(Operations).execute(MakePasswordLink, actor, { id });
      expect(await statuses([link])).toEqual([200]);
      await provider.execute(RevokeAllGrants, { userId: one.user.id });
      expect([await statuses(one.created.links), await statuses([link])]).toEqual([[410, 410, 410], [200]]);
    });

    it('ends when all grants for the application are revoked', async () => {
      const { clientId, users } = await toolOf(1);
      await provider.execute(RevokeAllGrants, { clientId });
      expect(await statuses(users[0]?.created.links ?? [])).toEqual([410, 410, 410]);
    });
  });

  it('is not withdrawn where it has expired already', async () => {
    const { registered, call } = await adminApi(provider);
    await createAll(call);
    provider.clock.advance(60 * 24 * 3600);
    await provider.execute(DeleteClient, { id: registered.client.id });
    expect(await provider.store.all(eventsOf, registered.client.id)).toEqual([]);
  });
});
