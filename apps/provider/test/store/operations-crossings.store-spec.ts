import { randomUUID } from 'node:crypto';
import { statement } from '@gatehouse/platform/database/store';
import { ChangeOwnPassword } from '../../src/account/operations/change-own-password';
import { CreateClient } from '../../src/clients/operations/create-client';
import { UpdateClient } from '../../src/clients/operations/update-client';
import { UpdateRegistration } from '../../src/clients/registration/operations/update-registration';
import { RemoveSecondFactor } from '../../src/users/factors/operations/remove-second-factor';
import { Passkeys } from '../../src/users/factors/passkeys.service';
import { newSeed } from '../../src/users/factors/totp';
import { TotpFactors } from '../../src/users/factors/totp.service';
import { EndSessions } from '../../src/users/sessions/operations/end-sessions';
import { type User } from '../../src/users/user';
import { adminApi, callerOf } from '../support/admin-api';
import { engines } from '../support/engines';
import { raceAfterPreparing, raceAfterReading } from '../support/interleave';
import { asking, eventsDuring, inOrder, raceOf, type Asked } from '../support/operation-races';
import { startProvider, type TestProvider } from '../support/provider';
import { configuration, metadataOf, registered } from '../support/registration';
import { obtainTokens } from '../support/tokens';
import { ask, type SurfaceAnswer } from '../support/surfaces';

jest.setTimeout(120_000);

const password = 'correct horse battery staple';
const live = {
  session: statement('test.session_of_user', 'SELECT id FROM sessions WHERE user_id = $1'),
  grant: statement('test.grant_of_user', 'SELECT selector AS id FROM grants WHERE user_id = $1'),
};

describe.each(engines)('operations that cross, on %s', (_name, engineOf) => {
  const engine = engineOf();
  let provider: TestProvider;
  let admin: User;
  beforeAll(async () => {
    await engine.start();
    provider = await startProvider({
      databaseUrl: await engine.migratedUrl(),
      env: { GATEHOUSE_THROTTLE: 'off', GATEHOUSE_REGISTRATION: 'open', GATEHOUSE_SIGN_UP: 'invitation' },
    });
    admin = await provider.addUser({ roles: ['admin'] });
  });
  afterAll(async () => {
    await provider.close();
    await engine.stop();
  });

  describe('a person', () => {
    /** Somebody with an authenticator app and, where asked for, a passkey. */
    async function personWithFactors(...also: readonly 'passkey'[]): Promise<{ user: User; passkey: string }> {
      const user = await provider.addUser({ password });
      const now = provider.clock.now();
      const passkey = {
        userId: user.id,
        credentialId: randomUUID(),
        publicKey: Buffer.from([1]),
        counter: 5,
        transports: [],
        synced: false,
        name: 'Key',
      };
      const id = await provider.store.run(async (unit) => {
        await provider.app.get(TotpFactors).add(unit, user.id, { seed: newSeed(), step: 1 }, now);
        return also.length > 0 ? provider.app.get(Passkeys).add(unit, passkey, now) : undefined;
      });
      return { user, passkey: id ?? '' };
    }

    const race = (user: User, asked: readonly Asked[]): Promise<SurfaceAnswer[]> =>
      raceOf(provider, asked, (each) => ask(provider, 'page', user, each));

    it('who changes their password twice at once has one of both', async () => {
      const user = await provider.addUser({ password });
      const change = (newPassword: string): Asked =>
        asking(ChangeOwnPassword, { currentPassword: password, newPassword, keepSessionId: 'none' });
      const asked = [change('the first new passphrase of words'), change('the second new passphrase of words')];
      const [given, written] = await eventsDuring(provider, 'user.password_changed', () => race(user, asked));
      expect(inOrder(given)).toEqual([409, 'done']);
      expect(written).toBe(1);
    });

    it('who removes their last two second factors at once keeps one', async () => {
      const { user, passkey } = await personWithFactors('passkey');
      const remove = (factor: string): Asked => asking(RemoveSecondFactor, { factor, password: '' });
      const asked = [remove('totp'), remove(passkey)];
      const [given, written] = await eventsDuring(provider, 'factor.removed', () => race(user, asked));
      expect(inOrder(given)).toEqual([409, 'done']);
      expect(written).toBe(1);
    });

    it('who changes to a short password and removes the last second factor at once does one of both', async () => {
      const { user } = await personWithFactors();
      // Long enough beside a second factor alone (NIST SP 800-63B-4 3.1.1.2).
      const change = { currentPassword: password, newPassword: 'kT9#vLq2', keepSessionId: 'none' };
      const asked = [asking(ChangeOwnPassword, change), asking(RemoveSecondFactor, { factor: 'totp', password })];
      expect(inOrder(await race(user, asked))).toEqual([409, 'done']);
    });

    it('who ends one of their sessions twice is answered alike', async () => {
      const user = await provider.addUser({ password });
      await provider.logIn(user);
      const session = await provider.store.one<{ id: string }>(live.session, user.id);
      const end = asking(EndSessions, { ids: [session?.id ?? ''] });
      const [given, written] = await eventsDuring(provider, 'session.ended', async () => [
        await ask(provider, 'page', user, end),
        await ask(provider, 'page', user, end),
      ]);
      expect([given, written]).toEqual([['done', 'done'], 1]);
    });

    it('who removes one second factor twice at once removes it once', async () => {
      const { user, passkey } = await personWithFactors('passkey');
      const remove = asking(RemoveSecondFactor, { factor: passkey, password: '' });
      const [given, written] = await eventsDuring(provider, 'factor.removed', () => race(user, [remove, remove]));
      expect([given, written]).toEqual([['done', 'done'], 1]);
    });
  });

  describe('an Idempotency-Key at the API', () => {
    const post = async (bodies: readonly object[]) => {
      const api = await adminApi(provider);
      const { call } = callerOf(provider, api.token);
      const key = { 'Idempotency-Key': randomUUID() };
      return raceAfterReading(provider, { requests: bodies.length }, (index) =>
        call('POST', 'users', bodies[index], key),
      );
    };

    it('that comes with two bodies at once makes the user of one', async () => {
      const bodies = [{ username: `u-${randomUUID()}` }, { username: `u-${randomUUID()}` }];
      const [given, written] = await eventsDuring(provider, 'user.created', () => post(bodies));
      expect(given.map(({ status }) => status).sort()).toEqual([201, 422]);
      expect(written).toBe(1);
    });

    it('that comes later with another body is rejected', async () => {
      const { call } = await adminApi(provider);
      const key = { 'Idempotency-Key': randomUUID() };
      const [given, written] = await eventsDuring(provider, 'client.created', async () => {
        const body = { client_name: 'Once', redirect_uris: ['https://once.test/'] };
        return [
          await call('POST', 'clients', body, key),
          await call('POST', 'clients', { ...body, client_name: 'Twice' }, key),
          await call('POST', 'clients', body, key),
        ];
      });
      expect(given.map(({ status }) => status)).toEqual([201, 422, 201]);
      expect(written).toBe(1);
    });
  });

  it('two clients may have one name: both are made', async () => {
    const create = asking(CreateClient, { properties: { name: 'Same', redirectUris: ['https://same.test/'] } });
    const [given, written] = await eventsDuring(provider, 'client.created', () =>
      raceAfterPreparing(
        provider,
        [CreateClient],
        [() => ask(provider, 'page', admin, create), () => ask(provider, 'API', admin, create)],
      ),
    );
    expect([given, written]).toEqual([['done', 'done'], 2]);
  });

  it('of two updates of a registration at once one is made, and its token is the one that goes on (RFC 7592 2.2)', async () => {
    const client = await registered(provider, { client_name: 'First' });
    const put = (client_name: string) => () =>
      configuration(client, 'PUT', { metadata: { ...metadataOf(client), client_name } });
    const [given, written] = await eventsDuring(provider, 'client.updated', () =>
      raceAfterPreparing(provider, [UpdateRegistration], [put('One'), put('Two')]),
    );
    const [won, ...others] = given.filter(({ status }) => status === 200);
    expect(others).toEqual([]);
    expect(written).toBe(1);
    const token = won?.json<{ registration_access_token: string }>().registration_access_token ?? '';
    expect((await configuration(client, 'GET', { token })).status).toBe(200);
    expect((await configuration(client, 'GET')).status).toBe(401);
  });

  it('an update of a registration that crosses an administrator’s is rejected, and its token stays valid (RFC 7592 2.2)', async () => {
    const client = await registered(provider, { client_name: 'First' });
    const operation = provider.app.get(UpdateRegistration, { strict: false });
    const prepare = operation.prepare.bind(operation);
    const spy = jest.spyOn(operation, 'prepare').mockImplementation(async (actor, input) => {
      const prepared = await prepare(actor, input);
      await provider.execute(UpdateClient, { id: client.client_id, properties: { name: 'Second' } });
      return prepared;
    });
    const [answer, written] = await eventsDuring(provider, 'client.updated', () =>
      configuration(client, 'PUT', { metadata: { ...metadataOf(client), client_name: 'Third' } }),
    ).finally(() => spy.mockRestore());
    expect([answer.status, answer.json()['error'], written]).toEqual([400, 'invalid_client_metadata', 1]);
    const now = await configuration(client, 'GET');
    expect([now.status, now.json()['client_name']]).toEqual([200, 'Second']);
  });

  it.each([
    ['sessions', 'session', 'session.ended'],
    ['grants', 'grant', 'grant.revoked'],
  ] as const)(
    'what was ended among %s is not found when it is ended again by the API',
    async (collection, kind, event) => {
      const user = await provider.addUser({ password });
      const registeredClient = await provider.addClient();
      await obtainTokens(provider, await provider.logIn(user), registeredClient);
      const { call } = await adminApi(provider);
      const id = String((await provider.store.one<{ id: string | number }>(live[kind], user.id))?.id);
      const [given, written] = await eventsDuring(provider, event, async () => [
        (await call('DELETE', `${collection}/${id}`)).status,
        (await call('DELETE', `${collection}/${id}`)).status,
      ]);
      expect([given, written]).toEqual([[204, 404], 1]);
    },
  );
});
