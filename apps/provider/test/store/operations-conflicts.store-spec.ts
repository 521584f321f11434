import { randomUUID } from 'node:crypto';
import { statement } from '@gatehouse/platform/database/store';
import { CreateIssuer } from '../../src/trusted-issuers/operations/create-issuer';
import { UpdateUser } from '../../src/users/operations/update-user';
import { SetUserState } from '../../src/users/operations/set-user-state';
import { CreateResource } from '../../src/resources/operations/create-resource';
import { UpdateResource } from '../../src/resources/operations/update-resource';
import { InvitePeople } from '../../src/users/invitations/operations/invite-people';
import { type User } from '../../src/users/user';
import { adminApi, callerOf } from '../support/admin-api';
import { engines } from '../support/engines';
import { raceAfterReading } from '../support/interleave';
import { asking, eventsDuring, inOrder, raceOf, type Asked } from '../support/operation-races';
import { startProvider, type TestProvider } from '../support/provider';
import { ask, surfaces } from '../support/surfaces';

jest.setTimeout(120_000);

const invitationOf = statement('test.invitation_of', 'SELECT selector FROM invitations WHERE email = $1');

describe.each(engines)('operations at once that take one unique value, on %s', (_name, engineOf) => {
  const engine = engineOf();
  let provider: TestProvider;
  let admin: User;
  beforeAll(async () => {
    await engine.start();
    provider = await startProvider({
      databaseUrl: await engine.migratedUrl(),
      env: {
        GATEHOUSE_THROTTLE: 'off',
        GATEHOUSE_REGISTRATION: 'open',
        GATEHOUSE_SIGN_UP: 'invitation',
      },
    });
    admin = await provider.addUser({ roles: ['admin'] });
  });
  afterAll(async () => {
    await provider.close();
    await engine.stop();
  });

  it.each(surfaces)('an API of one identifier is created once, by %s', async (surface) => {
    const asked = asking(CreateResource, {
      identifier: `urn:${randomUUID()}`,
      name: 'One',
      scopes: [],
    });
    const second = { page: 422, API: 400, 'command line': 1 }[surface];
    const [given, written] = await eventsDuring(provider, 'resource.created', () =>
      raceOf(provider, [asked, asked], (each) => ask(provider, surface, admin, each)),
    );
    expect([inOrder(given), written]).toEqual([inOrder(['done', second]), 1]);
  });

  it.each(surfaces)('APIs are given one identifier once, by %s', async (surface) => {
    const identifier = `urn:${randomUUID()}`;
    const rename = async (): Promise<Asked> => {
      const made = await provider.execute(CreateResource, {
        identifier: `urn:${randomUUID()}`,
        name: 'A',
        scopes: [],
      });
      return asking(UpdateResource, {
        id: made.id,
        draft: { ...made, identifier },
      });
    };
    const asked = [await rename(), await rename()];
    const second = { page: 422, API: 400, 'command line': 1 }[surface];
    const given = await raceOf(provider, asked, (each) => ask(provider, surface, admin, each));
    expect(inOrder(given)).toEqual(inOrder(['done', second]));
  });

  it.each(surfaces)('users are given one name once, by %s', async (surface) => {
    const username = `u-${randomUUID()}`;
    const rename = async (): Promise<Asked> =>
      asking(UpdateUser, {
        id: (await provider.addUser()).id,
        draft: { username, roles: ['user'] },
      });
    const asked = [await rename(), await rename()];
    const second = { page: 422, API: 400, 'command line': 1 }[surface];
    const [given, written] = await eventsDuring(provider, 'user.updated', () =>
      raceOf(provider, asked, (each) => ask(provider, surface, admin, each)),
    );
    expect([inOrder(given), written]).toEqual([inOrder(['done', second]), 1]);
  });

  it.each(surfaces)('an issuer is created once, by %s', async (surface) => {
    const { client } = await provider.addClient();
    const asked = asking(CreateIssuer, {
      issuer: `https://${randomUUID()}.example`,
      name: 'One',
      jwksUri: 'https://keys.example/',
      subject: 'username',
      clients: [client.id],
      scope: ['read'],
    });
    const second = { page: 422, API: 400, 'command line': 1 }[surface];
    const [given, written] = await eventsDuring(provider, 'trusted_issuer.created', () =>
      raceOf(provider, [asked, asked], (each) => ask(provider, surface, admin, each)),
    );
    expect([inOrder(given), written]).toEqual([inOrder(['done', second]), 1]);
  });

  it('of two invitations of one address at once one is left', async () => {
    const email = `${randomUUID()}@people.test`;
    const invite = asking(InvitePeople, { emails: [email], roles: ['user'] });
    await raceOf(provider, [invite, invite], (each) => ask(provider, 'page', admin, each));
    expect(await provider.store.all(invitationOf, email)).toHaveLength(1);
  });

  it.each(surfaces)('a user who is disabled twice is one change in the audit log, by %s', async (surface) => {
    const disable = asking(SetUserState, {
      id: (await provider.addUser()).id,
      disabled: true,
    });
    const [given, written] = await eventsDuring(provider, 'user.disabled', async () => [
      await ask(provider, surface, admin, disable),
      await ask(provider, surface, admin, disable),
    ]);
    expect([given, written]).toEqual([['done', 'done'], 1]);
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

    it('that comes twice at once makes one user, and gives one answer', async () => {
      const body = { username: `u-${randomUUID()}` };
      const [given, written] = await eventsDuring(provider, 'user.created', () => post([body, body]));
      expect(given.map(({ status }) => status)).toEqual([201, 201]);
      expect(given[0]?.text).toBe(given[1]?.text);
      expect(given.filter(({ headers }) => headers['idempotent-replayed'] === 'true')).toHaveLength(1);
      expect(written).toBe(1);
    });
  });
});
