import { statement } from '@gatehouse/platform/database/store';
import type { UserActor } from '../../src/operations/actor';
import { Operations } from '../../src/operations/operations';
import { CreateInitialAccessToken } from '../../src/clients/registration/operations/create-initial-access-token';
import { MakePasswordLink } from '../../src/users/credentials/operations/make-password-link';
import { SetPassword } from '../../src/users/credentials/operations/set-password';
import { ResetSecondFactors } from '../../src/users/factors/operations/reset-second-factors';
import { InvitePeople } from '../../src/users/invitations/operations/invite-people';
import { CreateUser } from '../../src/users/operations/create-user';
import { DeleteUser } from '../../src/users/operations/delete-user';
import { SetUserState } from '../../src/users/operations/set-user-state';
import { UpdateUser } from '../../src/users/operations/update-user';
import { EndUserSessions } from '../../src/users/sessions/operations/end-user-sessions';
import { UsersService } from '../../src/users/users.service';
import { Browser, type Answer } from '../support/browser';
import { startProvider, type TestProvider } from '../support/provider';
import { register } from '../support/registration';

describe('what an administrator made', () => {
  let provider: TestProvider;
  let made = 0;
  beforeAll(async () => {
    provider = await startProvider({
      env: { GATEHOUSE_REGISTRATION: 'token', GATEHOUSE_SIGN_UP: 'invitation', GATEHOUSE_THROTTLE: 'off' },
    });
  });
  afterAll(() => provider.close());

  const open = (url: string | undefined): Promise<Answer> => new Browser().open(url ?? '');
  const registerWith = async (token: string): Promise<number> =>
    (
      await register(
        provider,
        { redirect_uris: ['https://a.test/cb'] },
        { headers: { Authorization: `Bearer ${token}` } },
      )
    ).status;

  /** Links, an invitation and registration tokens of an administrator. */
  async function makeAll() {
    const administrator = await provider.addUser({ username: `maker-${++made}`, roles: ['admin'] });
    const victim = await provider.addUser({ username: `victim-${made}`, roles: ['admin'] });
    const now = provider.clock.now();
    const actor: UserActor = {
      kind: 'person',
      userId: administrator.id,
      roles: administrator.roles,
      signIn: { authTime: now, amr: ['pwd'] },
      hasSecondFactor: false,
      address: '127.0.0.1',
      requestId: 'x',
      now,
    };
    const operations = provider.app.get(Operations);
    const resetLink = await operations.execute(MakePasswordLink, actor, { id: victim.id });
    const draft = { username: `sleeper-${made}`, roles: ['admin'] };
    const { link: firstLink } = await operations.execute(CreateUser, actor, { draft });
    const emails = [`guest-${made}@people.test`];
    const [invitation] = await operations.execute(InvitePeople, actor, { emails, roles: ['admin'] });
    const approving = await operations.execute(CreateInitialAccessToken, actor, {
      name: 'a',
      approves: true,
      lifetimeSeconds: 30 * 24 * 3600,
    });
    const plain = await operations.execute(CreateInitialAccessToken, actor, { name: 'b' });
    const links = [resetLink, firstLink, invitation?.link];
    return { administrator, victim, links, approving: approving.token, plain: plain.token };
  }

  it('works while they are one', async () => {
    const { links, approving, plain } = await makeAll();
    for (const link of links) expect((await open(link)).status).toBe(200);
    expect([await registerWith(approving), await registerWith(plain)]).toEqual([201, 201]);
  });

  const ends = {
    demoted: (id: string, username: string) =>
      provider.execute(UpdateUser, { id, draft: { username, roles: ['user'] } }),
    disabled: (id: string) => provider.execute(SetUserState, { id, disabled: true }),
    deleted: (id: string) => provider.execute(DeleteUser, { id }),
  };
  it.each(Object.keys(ends) as (keyof typeof ends)[])('ends once they are %s', async (how) => {
    const { administrator, links, approving, plain } = await makeAll();
    await ends[how](administrator.id, administrator.username);
    for (const link of links) expect((await open(link)).status).toBe(410);
    expect(await registerWith(approving)).toBe(401);
    // What registers by this one is approved by nobody: an administrator still decides.
    expect(await registerWith(plain)).toBe(201);
  });

  const resets: Readonly<Record<string, (id: string) => Promise<unknown>>> = {
    'is given another password': (id) => provider.execute(SetPassword, { id, password: 'a reset after a break-in' }),
    'is signed out by a link for a new password': (id) => provider.execute(MakePasswordLink, { id, signOut: true }),
    'loses all second factors': (userId) => provider.execute(ResetSecondFactors, { userId }),
  };
  it.each(Object.keys(resets))('ends when their account %s: another person may have created it', async (how) => {
    const { administrator, links, approving, plain } = await makeAll();
    await resets[how]?.(administrator.id);
    for (const link of links) expect((await open(link)).status).toBe(410);
    expect([await registerWith(approving), await registerWith(plain)]).toEqual([401, 201]);
  });

  it('stays when only their sessions end, and when they end offline access and keep their own session', async () => {
    const { administrator, links, approving } = await makeAll();
    const { id: userId } = administrator;
    await provider.execute(EndUserSessions, { userId });
    const scope = { offline: true, keepSessionId: 'their-own' };
    await provider.store.run((unit) =>
      provider.app.get(UsersService).signOutEverywhere(unit, userId, scope, provider.clock.now()),
    );
    for (const link of links) expect((await open(link)).status).toBe(200);
    expect(await registerWith(approving)).toBe(201);
  });

  it('stays where they remain one, and where another one made it', async () => {
    const [one, other] = [await makeAll(), await makeAll()];
    const { id, username } = one.administrator;
    await provider.execute(UpdateUser, { id, draft: { username, roles: ['admin', 'developer'] } });
    await provider.execute(SetUserState, { id: other.administrator.id, disabled: true });
    for (const link of one.links) expect((await open(link)).status).toBe(200);
    const fromCommandLine = await provider.execute(MakePasswordLink, { id: other.victim.id });
    expect((await open(fromCommandLine)).status).toBe(200);
  });

  const eventsOf = statement(
    'test.withdrawals',
    `SELECT type, actor_id FROM audit_events WHERE selector > $1
     AND type IN ('user.link_withdrawn', 'user.invitation_withdrawn', 'initial_access_token.deleted') ORDER BY type`,
  );
  const lastEvent = statement('test.last_event', 'SELECT MAX(selector) AS selector FROM audit_events');
  const withdrawals = async (act: () => Promise<unknown>): Promise<unknown[]> => {
    const last = await provider.store.one<{ selector: number }>(lastEvent);
    await act();
    return provider.store.all(eventsOf, last?.selector ?? 0);
  };

  it('is recorded as withdrawn by nobody, and not where it had expired already', async () => {
    const [one, other] = [await makeAll(), await makeAll()];
    const disable = ({ administrator: { id } }: typeof one): Promise<unknown> =>
      provider.execute(SetUserState, { id, disabled: true });
    expect(await withdrawals(() => disable(one))).toEqual([
      { type: 'initial_access_token.deleted', actor_id: null },
      { type: 'user.invitation_withdrawn', actor_id: null },
      { type: 'user.link_withdrawn', actor_id: null },
      { type: 'user.link_withdrawn', actor_id: null },
    ]);
    provider.clock.advance(60 * 24 * 3600);
    expect(await withdrawals(() => disable(other))).toEqual([]);
  });
});
