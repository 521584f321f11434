import { randomUUID } from 'node:crypto';
import type { Type } from '@nestjs/common';
import type { Selector } from '@gatehouse/domain/kernel';
import { statement } from '@gatehouse/platform/database/store';
import type { AuditType } from '../../src/audit/audit.service';
import { CreateResourceCredentials } from '../../src/clients/operations/create-resource-credentials';
import { DeleteClient } from '../../src/clients/operations/delete-client';
import { RotateClientSecret } from '../../src/clients/operations/rotate-client-secret';
import { SetClientState } from '../../src/clients/operations/set-client-state';
import { UpdateClient } from '../../src/clients/operations/update-client';
import { ClientsService } from '../../src/clients/clients.service';
import { RevokeGrants } from '../../src/grants/operations/revoke-grants';
import { revisionOf } from '../../src/web/revision';
import type { Operation } from '../../src/operations/operation';
import { CreateResource } from '../../src/resources/operations/create-resource';
import { DeleteResource } from '../../src/resources/operations/delete-resource';
import { UpdateResource } from '../../src/resources/operations/update-resource';
import { CreateUser } from '../../src/users/operations/create-user';
import { DeleteUser } from '../../src/users/operations/delete-user';
import { EndSessions } from '../../src/users/sessions/operations/end-sessions';
import { InvitePeople } from '../../src/users/invitations/operations/invite-people';
import { SetPassword } from '../../src/users/credentials/operations/set-password';
import { UpdateUser } from '../../src/users/operations/update-user';
import { WithdrawInvitation } from '../../src/users/invitations/operations/withdraw-invitation';
import { editable, type User } from '../../src/users/user';
import { engines } from '../support/engines';
import { asking, eventsDuring, inOrder, raceOf, type Asked } from '../support/operation-races';
import { startProvider, type TestProvider } from '../support/provider';
import { ask, surfaces, type Surface, type SurfaceAnswer } from '../support/surfaces';
import { obtainTokens } from '../support/tokens';

jest.setTimeout(120_000);

/** Two operations, and the event that each writes which changes something. */
interface Race {
  readonly asked: readonly [Asked, Asked];
  readonly event: AuditType;
}

function twice<O extends Operation<unknown, unknown, unknown>>(
  event: AuditType,
  type: Type<O>,
  input: Parameters<O['prepare']>[1],
): Race {
  return { asked: [asking(type, input), asking(type, input)], event };
}

/** What whoever comes second is answered, by where they ask. */
const answers = {
  done: { page: 'done', API: 'done', 'command line': 'done' },
  invalid: { page: 422, API: 400, 'command line': 1 },
  changed: { page: 409, API: 409, 'command line': 1 },
  conflict: { page: 409, API: 409, 'command line': 1 },
  'not found': { page: 404, API: 404, 'command line': 3 },
} as const satisfies Readonly<Record<string, Readonly<Record<Surface, SurfaceAnswer>>>>;

const ofUser = {
  session: statement('test.session_of', 'SELECT id FROM sessions WHERE user_id = $1'),
  grant: statement('test.grant_of', 'SELECT selector FROM grants WHERE user_id = $1'),
  invitation: statement('test.invitation_of', 'SELECT selector FROM invitations WHERE email = $1'),
};
const password = 'correct horse battery staple';

describe.each(engines)('two operations at once, and one after the other, on %s', (_name, engineOf) => {
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

  const addResource = () =>
    provider.execute(CreateResource, { identifier: `urn:${randomUUID()}`, name: 'First', scopes: [] });

  async function grantOf(): Promise<Selector> {
    const user = await provider.addUser();
    await obtainTokens(provider, await provider.logIn(user), await provider.addClient());
    const grant = await provider.store.one<{ selector: Selector }>(ofUser.grant, user.id);
    if (!grant) throw new Error('there is no grant');
    return grant.selector;
  }

  async function sessionOf(user: User & { password: string }): Promise<string> {
    await provider.logIn(user);
    return (await provider.store.one<{ id: string }>(ofUser.session, user.id))?.id ?? '';
  }

  async function invited(): Promise<number> {
    const email = `${randomUUID()}@people.test`;
    await provider.execute(InvitePeople, { emails: [email], roles: ['user'] });
    return (await provider.store.one<{ selector: number }>(ofUser.invitation, email))?.selector ?? 0;
  }

  /** By what comes of the second one, whether it comes at once or later. */
  const races: readonly (readonly [act: string, second: keyof typeof answers, events: number, () => Promise<Race>])[] =
    [
      [
        'creating a user of one name',
        'invalid',
        1,
        () =>
          Promise.resolve(twice('user.created', CreateUser, { draft: { username: `u-${randomUUID()}` }, password })),
      ],
      [
        'giving an API credentials',
        'conflict',
        1,
        async () => twice('resource.credentials', CreateResourceCredentials, { resourceId: (await addResource()).id }),
      ],
      [
        'updating a user from one revision',
        'changed',
        1,
        async () => {
          const user = await provider.addUser();
          const update = (name: string): Asked => {
            const draft = { username: user.username, roles: user.roles, name };
            return asking(UpdateUser, { id: user.id, draft, revision: revisionOf(editable(user)) });
          };
          return { asked: [update('Ada'), update('Grace')], event: 'user.updated' };
        },
      ],
      [
        'updating a client from one revision',
        'changed',
        1,
        async () => {
          const { client } = await provider.addClient();
          const { id } = client;
          const revision = revisionOf((await provider.app.get(ClientsService).findFresh(id)) ?? {});
          const update = (name: string): Asked => asking(UpdateClient, { id, properties: { name }, revision });
          return { asked: [update('One'), update('Two')], event: 'client.updated' };
        },
      ],
      [
        'updating an API from one revision',
        'changed',
        1,
        async () => {
          const resource = await addResource();
          const { id } = resource;
          const revision = revisionOf(resource);
          const update = (name: string): Asked =>
            asking(UpdateResource, { id, draft: { ...resource, name }, revision });
          return { asked: [update('One'), update('Two')], event: 'resource.updated' };
        },
      ],
      [
        'deleting a user',
        'not found',
        1,
        async () => twice('user.deleted', DeleteUser, { id: (await provider.addUser()).id }),
      ],
      [
        'deleting a client',
        'not found',
        1,
        async () => twice('client.deleted', DeleteClient, { id: (await provider.addClient()).client.id }),
      ],
      [
        'deleting an API',
        'not found',
        1,
        async () => twice('resource.deleted', DeleteResource, { id: (await addResource()).id }),
      ],
      [
        'withdrawing an invitation',
        'not found',
        1,
        async () => twice('user.invitation_withdrawn', WithdrawInvitation, { selector: await invited() }),
      ],
      [
        'disabling a client',
        'done',
        1,
        async () => {
          const { client } = await provider.addClient();
          return twice('client.disabled', SetClientState, { id: client.id, decision: 'disable' } as const);
        },
      ],
      [
        'revoking a grant',
        'done',
        1,
        async () => twice('grant.revoked', RevokeGrants, { selectors: [await grantOf()] }),
      ],
      [
        'ending a session',
        'done',
        1,
        async () => twice('session.ended', EndSessions, { ids: [await sessionOf(await provider.addUser())] }),
      ],
      [
        'replacing the secret of a client, each by one of its own',
        'done',
        2,
        async () => {
          const { client } = await provider.addClient();
          return twice('client.secret_rotated', RotateClientSecret, { id: client.id, overlapSeconds: 0 });
        },
      ],
      [
        'setting the password of a user',
        'done',
        2,
        async () =>
          twice('user.password_set', SetPassword, { id: (await provider.addUser()).id, password: `${password} again` }),
      ],
      [
        'inviting one address, each by a link of its own',
        'done',
        2,
        () => {
          const input = { emails: [`${randomUUID()}@people.test`], roles: ['user'] };
          return Promise.resolve(twice('user.invited', InvitePeople, input));
        },
      ],
    ];

  describe.each(races)('%s: the second is %s', (_act, second, events, make) => {
    it.each(surfaces)('at once, by %s', async (surface) => {
      const { asked, event } = await make();
      const [given, written] = await eventsDuring(provider, event, () =>
        raceOf(provider, asked, (each) => ask(provider, surface, admin, each)),
      );
      expect(inOrder(given)).toEqual(inOrder(['done', answers[second][surface]]));
      expect(written).toBe(events);
    });

    it.each(surfaces)('after the first, by %s', async (surface) => {
      const { asked, event } = await make();
      const [given, written] = await eventsDuring(provider, event, async () => [
        await ask(provider, surface, admin, asked[0]),
        await ask(provider, surface, admin, asked[1]),
      ]);
      expect(given).toEqual(['done', answers[second][surface]]);
      expect(written).toBe(events);
    });
  });
});
