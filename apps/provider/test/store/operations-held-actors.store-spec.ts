import { randomUUID } from 'node:crypto';
import { statement, type Unit } from '@gatehouse/platform/database/store';
import { SetClientState } from '../../src/clients/operations/set-client-state';
import type { UserActor, SystemActor } from '../../src/operations/actor';
import { Operations } from '../../src/operations/operations';
import { InvitePeople } from '../../src/users/invitations/operations/invite-people';
import { SetUserState } from '../../src/users/operations/set-user-state';
import { UpdateUser } from '../../src/users/operations/update-user';
import type { User } from '../../src/users/user';
import { UsersService } from '../../src/users/users.service';
import { ClientsService } from '../../src/clients/clients.service';
import { engines } from '../support/engines';
import { countBlocked, whileUncommitted } from '../support/interleave';
import { startProvider, type TestProvider } from '../support/provider';
import { addServiceAccount, serviceAccountActor } from '../support/service-account';

jest.setTimeout(120_000);

const openInvitations = statement(
  'test.open_invitations',
  'SELECT selector FROM invitations WHERE email = $1 AND consumed_at IS NULL',
);
const flush = statement('test.flush', 'SELECT 1 AS one');

describe.each(engines)('the actor is locked while an operation is performed, on %s', (_name, engineOf) => {
  const engine = engineOf();
  let provider: TestProvider;
  beforeAll(async () => {
    await engine.start();
    provider = await startProvider({
      databaseUrl: await engine.migratedUrl(),
      env: { GATEHOUSE_THROTTLE: 'off', GATEHOUSE_SIGN_UP: 'invitation' },
    });
    await provider.addUser({ roles: ['admin'] });
  });
  afterAll(async () => {
    await provider.close();
    await engine.stop();
  });

  const admin = (): Promise<User> => provider.addUser({ roles: ['admin'] });
  const find = (user: User): Promise<User | undefined> => provider.app.get(UsersService).find(user.id);
  const system = (): SystemActor => ({ kind: 'system', now: provider.clock.now() });
  const demotion = (user: User) => ({ id: user.id, draft: { username: user.username, roles: ['user'] } });

  function personOf(user: User): UserActor {
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
    };
  }

  it('an administrator who is being disabled does not enable the own account again', async () => {
    const rogue = await admin();
    const disable = (unit: Unit) =>
      provider.app.get(SetUserState).perform(unit, system(), { id: rogue.id, disabled: true });
    const enabling = whileUncommitted(provider, disable, () =>
      provider.app.get(Operations).execute(SetUserState, personOf(rogue), { id: rogue.id, disabled: false }),
    );
    await expect(enabling).rejects.toMatchObject({ code: 'forbidden' });
    expect((await find(rogue))?.disabledAt).toBeDefined();
  });

  it('an administrator who is being demoted does not take the role back', async () => {
    const rogue = await admin();
    const demote = (unit: Unit) => provider.app.get(UpdateUser).perform(unit, system(), demotion(rogue));
    const promoting = whileUncommitted(provider, demote, () =>
      provider.app.get(Operations).execute(UpdateUser, personOf(rogue), {
        id: rogue.id,
        draft: { username: rogue.username, roles: ['admin'] },
      }),
    );
    await expect(promoting).rejects.toMatchObject({ code: 'forbidden' });
    expect((await find(rogue))?.roles).toEqual(['user']);
  });

  it('an invitation created by an administrator who is being demoted is withdrawn with the others', async () => {
    const rogue = await admin();
    const email = `${randomUUID()}@people.test`;
    const operation = provider.app.get(InvitePeople, { strict: false });
    const perform = operation.perform.bind(operation);
    let demoted: Promise<unknown> | undefined;
    let waiting = 0;
    const spy = jest.spyOn(operation, 'perform').mockImplementation(async (unit, actor, input) => {
      const performed = await perform(unit, actor, input);
      await unit.one(flush);
      demoted ??= provider.execute(UpdateUser, demotion(rogue));
      if (provider.store.dialect === 'postgres') waiting = await countBlocked(provider.store);
      return performed;
    });
    await provider.app
      .get(Operations)
      .execute(InvitePeople, personOf(rogue), { emails: [email], roles: ['admin'] })
      .finally(() => spy.mockRestore());
    await demoted;
    expect(waiting > 0).toBe(provider.store.dialect === 'postgres');
    expect(await provider.store.all(openInvitations, email)).toEqual([]);
    expect((await find(rogue))?.roles).toEqual(['user']);
  });

  it('of two administrators who disable each other at once one is rejected, and is disabled', async () => {
    const [one, other] = [await admin(), await admin()];
    const disable = (by: User, user: User) =>
      provider.app
        .get(Operations)
        .execute(SetUserState, personOf(by), { id: user.id, disabled: true })
        .then(
          () => 'done',
          (error: { code?: string }) => error.code,
        );
    const answers = await Promise.all([disable(one, other), disable(other, one)]);
    expect(answers.sort()).toEqual(['done', 'forbidden']);
    const disabled = [await find(one), await find(other)].filter((user) => user?.disabledAt !== undefined);
    expect(disabled).toHaveLength(1);
  });

  it('a service account that is being restricted does not lift the restriction', async () => {
    const registered = await addServiceAccount(provider);
    const { id } = registered.client;
    const actor = await serviceAccountActor(provider, registered);
    const limit = (unit: Unit) =>
      provider.app.get(SetClientState).perform(unit, system(), { id, decision: 'restrict' });
    const lifting = whileUncommitted(provider, limit, () =>
      provider.app.get(Operations).execute(SetClientState, actor, { id, decision: 'unrestrict' }),
    );
    await expect(lifting).rejects.toMatchObject({ code: 'forbidden' });
    expect((await provider.app.get(ClientsService).findFresh(id))?.restrictedAt).toBeDefined();
  });
});
