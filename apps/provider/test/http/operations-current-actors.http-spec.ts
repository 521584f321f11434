import type { Actor, UserActor } from '../../src/operations/actor';
import { Operations } from '../../src/operations/operations';
import { SetClientState } from '../../src/clients/operations/set-client-state';
import { UpdateClient } from '../../src/clients/operations/update-client';
import { EndUserSessions } from '../../src/users/sessions/operations/end-user-sessions';
import { SetUserState } from '../../src/users/operations/set-user-state';
import { UpdateUser } from '../../src/users/operations/update-user';
import { statement } from '@gatehouse/platform/database/store';
import type { User } from '../../src/users/user';
import { addApp } from '../support/factors';
import { startProvider, type TestProvider } from '../support/provider';
import { addServiceAccount, serviceAccountActor } from '../support/service-account';

/** What an actor may do is decided when the operation is performed: preparing it may take seconds. */
describe('operations ask for the actor as they are now', () => {
  let provider: TestProvider;
  let target: User;

  beforeAll(async () => {
    provider = await startProvider();
    target = await provider.addUser({ username: 'target' });
  });
  afterAll(() => provider.close());

  function personOf(user: User, more: Partial<UserActor> = {}): UserActor {
    const now = provider.clock.now();
    return {
      kind: 'person',
      userId: user.id,
      roles: user.roles,
      signIn: { authTime: now, amr: ['pwd'] },
      hasSecondFactor: false,
      address: '127.0.0.1',
      requestId: 'test',
      now,
      ...more,
    };
  }

  const rename = (actor: Actor, name: string): Promise<unknown> =>
    provider.app.get(Operations).execute(UpdateUser, actor, { id: target.id, draft: { username: 'target', name } });

  it('does what an administrator asks for', async () => {
    const admin = personOf(await provider.addUser({ roles: ['admin'] }));
    await expect(rename(admin, 'Renamed')).resolves.toBeDefined();
  });

  it('rejects an administrator whose role was removed since', async () => {
    const user = await provider.addUser({ username: 'demoted', roles: ['admin'] });
    const actor = personOf(user);
    await provider.execute(UpdateUser, { id: user.id, draft: { username: 'demoted', roles: ['user'] } });
    await expect(rename(actor, 'By the demoted')).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('rejects an account that was disabled since', async () => {
    const user = await provider.addUser({ roles: ['admin'] });
    const actor = personOf(user);
    await provider.execute(SetUserState, { id: user.id, disabled: true });
    await expect(rename(actor, 'By the disabled')).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('rejects a session that was ended since, and one of another user', async () => {
    const user = await provider.addUser({ roles: ['admin'] });
    await provider.logIn(user);
    const session = await provider.store.one<{ id: string }>(
      statement('test.session_of', 'SELECT id FROM sessions WHERE user_id = $1 AND ended_at IS NULL'),
      user.id,
    );
    const actor = personOf(user, { sessionId: session?.id });
    await expect(rename(actor, 'By a live session')).resolves.toBeDefined();
    await expect(rename({ ...actor, userId: target.id, roles: ['admin'] }, 'x')).rejects.toMatchObject({
      code: 'forbidden',
    });
    await provider.execute(EndUserSessions, { userId: user.id });
    await expect(rename(actor, 'By an ended session')).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('requires the second factor that was added since', async () => {
    const user = await provider.addUser({ roles: ['admin'] });
    const actor = personOf(user);
    await addApp(provider, await provider.logIn(user));
    await expect(rename(actor, 'Without the new factor')).rejects.toMatchObject({
      code: 'recent_sign_in',
      missing: 'second-factor',
    });
  });

  it('rejects a service account that was disabled or lost its scope since', async () => {
    const registered = await addServiceAccount(provider);
    const { id } = registered.client;
    const actor = await serviceAccountActor(provider, registered);
    await expect(rename(actor, 'By a service account')).resolves.toBeDefined();
    await provider.execute(SetClientState, { id, decision: 'disable' });
    await expect(rename(actor, 'By a disabled client')).rejects.toMatchObject({ code: 'forbidden' });
    await provider.execute(SetClientState, { id, decision: 'enable' });
    await expect(rename(actor, 'By a token from before')).rejects.toMatchObject({ code: 'invalid_token' });
    const enabled = await serviceAccountActor(provider, registered);
    await expect(rename(enabled, 'By an enabled client')).resolves.toBeDefined();
    await provider.execute(UpdateClient, { id, properties: { scope: ['gatehouse:read'] } });
    await expect(rename(enabled, 'Without the scope')).rejects.toMatchObject({ code: 'forbidden' });
  });
});
