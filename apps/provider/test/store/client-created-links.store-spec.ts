import { migrateDown, migrateUp, openSource } from '@gatehouse/platform/database/open-store';
import { statement } from '@gatehouse/platform/database/store';
import { SetClientState } from '../../src/clients/operations/set-client-state';
import { MadeViaClient1795960000910 } from '../../src/database/migrations/20261130-made-via-client';
import { entities, migrations } from '../../src/schema';
import { MakePasswordLink } from '../../src/users/credentials/operations/make-password-link';
import { adminApi, type AdminApiClient } from '../support/admin-api';
import { engines } from '../support/engines';
import { startProvider, type TestProvider } from '../support/provider';

jest.setTimeout(120_000);

/** All but the link of the first administrator. */
const links = statement(
  'test.links',
  `SELECT user_id FROM one_time_links WHERE user_id NOT IN (SELECT id FROM users WHERE username = 'admin') ORDER BY user_id`,
);
const invitations = statement('test.invitations', 'SELECT email FROM invitations ORDER BY email');
const approving = statement('test.approving', 'SELECT name FROM initial_access_tokens WHERE approves ORDER BY name');

describe.each(engines)('links that service accounts created on %s', (_name, engineOf) => {
  const engine = engineOf();
  beforeAll(() => engine.start());
  afterAll(() => engine.stop());

  async function createAll({ call }: AdminApiClient, userId: string, name: string): Promise<void> {
    const answers = [
      await call('POST', `users/${userId}/password-link`),
      await call('POST', 'invitations', { emails: [`${name}@people.test`], roles: ['admin'] }),
      await call('POST', 'invitations', { emails: [`${name}-user@people.test`], roles: ['user'] }),
      await call('POST', 'registration-tokens', { name, approves: true }),
    ];
    expect(answers.every(({ status }) => status < 300)).toBe(true);
  }

  it.each([
    ['one_time_links', 'made_by'],
    ['one_time_links', 'made_via_client'],
    ['invitations', 'invited_by'],
    ['invitations', 'made_via_client'],
    ['initial_access_tokens', 'made_by'],
    ['initial_access_tokens', 'made_via_client'],
  ])('are found by an index: %s by %s', async (table, column) => {
    const source = await openSource({ url: await engine.migratedUrl(), entities, migrations });
    const runner = source.createQueryRunner();
    try {
      const isPostgres = source.options.type === 'postgres';
      // Reading all rows of a small table is faster.
      if (isPostgres) await runner.query('SET enable_seqscan = off');
      const explain = isPostgres ? 'EXPLAIN' : 'EXPLAIN QUERY PLAN';
      const plan: unknown = await runner.query(`${explain} DELETE FROM ${table} WHERE ${column} = 'x'`);
      expect(JSON.stringify(plan)).toContain(`${table}_${column}`);
    } finally {
      await runner.release();
      await source.destroy();
    }
  });

  const left = async ({ store }: TestProvider): Promise<unknown[]> => [
    (await store.all<{ user_id: string }>(links)).map((row) => row.user_id),
    (await store.all<{ email: string }>(invitations)).map((row) => row.email),
    (await store.all<{ name: string }>(approving)).map((row) => row.name),
  ];

  it('end with the service account; after a rollback those of all service accounts have ended', async () => {
    const url = await engine.migratedUrl();
    const env = { GATEHOUSE_SIGN_UP: 'invitation', GATEHOUSE_REGISTRATION: 'token' };
    const provider = await startProvider({ databaseUrl: url, env });
    try {
      const [one, other] = [await adminApi(provider), await adminApi(provider)];
      const [first, second, third] = [await provider.addUser(), await provider.addUser(), await provider.addUser()];
      await createAll(one, first.id, 'one');
      await createAll(other, second.id, 'other');
      await provider.execute(MakePasswordLink, { id: third.id });
      await provider.execute(SetClientState, { id: one.registered.client.id, decision: 'disable' });
      const ordinary = ['one-user@people.test', 'other-user@people.test'];
      const emails = ['other@people.test', ...ordinary].sort();
      expect(await left(provider)).toEqual([[second.id, third.id].sort(), emails, ['other']]);
      const source = await openSource({ url, entities, migrations });
      const { name } = new MadeViaClient1795960000910();
      while ((await migrateDown(source)) !== name);
      await migrateUp(source);
      await source.destroy();
      expect(await left(provider)).toEqual([[third.id], ordinary, []]);
    } finally {
      await provider.close();
    }
  });
});
