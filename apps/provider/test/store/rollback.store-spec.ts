import { migrateDown, migrateUp, openSource } from '@gatehouse/platform/database/open-store';
import type { DataSource } from 'typeorm';
import { GrantsOfIssuers1795960000911 } from '../../src/database/migrations/20261130-grants-of-issuers';
import { entities, migrations } from '../../src/schema';
import {
  BoundTokens1999000000002,
  LimitedGrants1999000000003,
  ThirdFactors1999000000004,
  VouchedClients1999000000001,
} from '../fixtures/protections';
import { engines } from '../support/engines';

jest.setTimeout(180_000);

const protections = [
  VouchedClients1999000000001,
  BoundTokens1999000000002,
  LimitedGrants1999000000003,
  ThirdFactors1999000000004,
];

type Values = Readonly<Record<string, unknown>>;

describe.each(engines)('reverting a migration that adds a protection on %s', (_name, engineOf) => {
  const engine = engineOf();
  let source: DataSource;
  let made = 0;

  beforeAll(() => engine.start());
  afterAll(() => engine.stop());
  beforeEach(async () => {
    source = await openSource({
      url: await engine.freshUrl(),
      entities,
      migrations: [...migrations, ...protections],
    });
    await migrateUp(source);
  });
  afterEach(() => source.destroy());

  const query = <R extends object>(text: string): Promise<R[]> => source.query<R[]>(text);
  /** Reverts the migration: those after it come first. */
  const revert = async ({ name }: { readonly name: string }): Promise<void> => {
    for (let reverted = await migrateDown(source); reverted !== name; reverted = await migrateDown(source))
      if (reverted === undefined) throw new Error(`${name} was not applied`);
  };

  /** A row with the values named, and an empty value in every other column of the entity that needs one. */
  async function insert(table: string, values: Values): Promise<void> {
    const entity = source.entityMetadatas.find((each) => each.tableName === table);
    if (!entity) throw new Error(`no table ${table}`);
    const empty = (type: unknown): unknown =>
      ({
        bigint: (made += 1),
        integer: 0,
        boolean: source.options.type === 'postgres' ? false : 0,
        bytea: Buffer.from([(made += 1)]),
      })[String(type)] ?? '[]';
    const required = entity.columns.filter(({ databaseName, isNullable }) => !isNullable && !(databaseName in values));
    const row = {
      ...Object.fromEntries(required.map((column) => [column.databaseName, empty(column.type)])),
      ...values,
    };
    const names = Object.keys(row);
    await source.query(
      `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map((_each, index) => (source.options.type === 'postgres' ? `$${index + 1}` : '?')).join(', ')})`,
      Object.values(row),
    );
  }
  const client = (id: string, values: Values = {}): Promise<void> =>
    insert('clients', { id, approved_at: 1, metadata: '{}', ...values });
  const withMetadata = (id: string, metadata: object): Promise<void> =>
    client(id, { metadata: JSON.stringify(metadata) });
  const clientsThat = async (condition: string): Promise<string[]> =>
    (await query<{ id: string }>(`SELECT id FROM clients WHERE ${condition} ORDER BY id`)).map(({ id }) => id);
  const selectors = async (table: string, condition = '1 = 1'): Promise<number[]> =>
    (await query<{ selector: number }>(`SELECT selector FROM ${table} WHERE ${condition} ORDER BY selector`)).map(
      (row) => row.selector,
    );

  it('ends the codes and tokens, and disables the clients, that a key protected', async () => {
    await client('plain');
    await withMetadata('bound', { boundTokens: true });
    await withMetadata('bound-with', { boundWith: 'x' });
    // A quote inside a value is escaped in JSON.
    await withMetadata('quoting', { name: '"boundWith":' });
    for (const table of ['authorization_codes', 'access_tokens']) {
      await insert(table, { selector: 1, client_id: 'plain', bound_key: 'key' });
      await insert(table, { selector: 2, client_id: 'plain' });
      await insert(table, { selector: 3, client_id: 'bound' });
    }
    await insert('grants', { selector: 1, client_id: 'bound' });
    await insert('grants', { selector: 2, client_id: 'plain' });
    await revert(BoundTokens1999000000002);
    for (const table of ['authorization_codes', 'access_tokens'])
      expect([table, await selectors(table)]).toEqual([table, [2, 3]]);
    expect(await clientsThat('disabled_at IS NOT NULL')).toEqual(['bound', 'bound-with']);
    expect(await selectors('grants', 'revoked_at IS NULL')).toEqual([2]);
    expect(await selectors('access_tokens', 'revoked_at IS NULL')).toEqual([2]);
    const [version] = await query<{ version: number }>(`SELECT version FROM cache_versions WHERE topic = 'clients'`);
    expect(version?.version).toBeGreaterThan(0);
  });

  it('revokes the tokens and grants that were restricted, and leaves those that had ended as they ended', async () => {
    for (const table of ['grants', 'access_tokens']) {
      await insert(table, { selector: 1, only_at: 'a' });
      await insert(table, { selector: 2 });
      await insert(table, { selector: 3, only_at: 'a', revoked_at: 5 });
    }
    await revert(LimitedGrants1999000000003);
    for (const table of ['grants', 'access_tokens']) {
      expect([table, await selectors(table, 'revoked_at IS NULL')]).toEqual([table, [2]]);
      expect([table, await selectors(table, 'revoked_at = 5')]).toEqual([table, [3]]);
    }
  });

  it('revokes the grants that would outlive their issuer', async () => {
    await insert('grants', { selector: 1, trusted_issuer_id: 'idp' });
    await insert('grants', { selector: 2 });
    await insert('grants', { selector: 3, trusted_issuer_id: 'idp', revoked_at: 5 });
    await revert(new GrantsOfIssuers1795960000911());
    expect(await selectors('grants', 'revoked_at IS NULL')).toEqual([2]);
    expect(await selectors('grants', 'revoked_at = 5')).toEqual([3]);
  });

  it('disables the accounts that have the factor, and ends their sessions, grants and tokens', async () => {
    for (const id of ['factor', 'plain', 'disabled'])
      await insert('users', { id, username_key: id, ...(id === 'disabled' ? { disabled_at: 5 } : {}) });
    await source.query(`INSERT INTO third_factors (user_id) VALUES ('factor'), ('disabled')`);
    for (const [index, user_id] of ['factor', 'plain'].entries()) {
      await insert('sessions', { selector: index + 1, id: `s-${user_id}`, user_id, is_full: 1 });
      await insert('grants', { selector: index + 1, user_id });
      await insert('access_tokens', { selector: index + 1, user_id });
    }
    await revert(ThirdFactors1999000000004);
    const disabled = await query<{ id: string }>('SELECT id FROM users WHERE disabled_at IS NOT NULL ORDER BY id');
    expect(disabled.map(({ id }) => id)).toEqual(['disabled', 'factor']);
    expect(await query(`SELECT id FROM users WHERE disabled_at = 5`)).toEqual([{ id: 'disabled' }]);
    expect(await selectors('sessions', 'ended_at IS NULL')).toEqual([2]);
    for (const table of ['grants', 'access_tokens'])
      expect([table, await selectors(table, 'revoked_at IS NULL')]).toEqual([table, [2]]);
  });

  it('deletes the clients that were allowed nothing, with their secrets, origins and consents', async () => {
    await client('vouched', { vouched_at: 1 });
    await client('registered');
    await insert('users', { id: 'u' });
    for (const id of ['vouched', 'registered']) {
      await insert('client_secrets', { id: `s-${id}`, client_id: id });
      await insert('client_origins', { origin: 'https://r.example', client_id: id });
      await insert('consents', { user_id: 'u', client_id: id, resource_scopes: '{}' });
    }
    await insert('grants', { selector: 1, client_id: 'registered', user_id: 'u' });
    await insert('grants', { selector: 2, client_id: 'vouched', user_id: 'u' });
    await insert('access_tokens', { selector: 1, client_id: 'registered' });
    await revert(VouchedClients1999000000001);
    expect(await clientsThat('1 = 1')).toEqual(['vouched']);
    for (const table of ['client_secrets', 'client_origins', 'consents'])
      expect(await query(`SELECT client_id FROM ${table}`)).toEqual([{ client_id: 'vouched' }]);
    expect(await selectors('grants', 'revoked_at IS NULL')).toEqual([2]);
    expect(await selectors('access_tokens', 'revoked_at IS NULL')).toEqual([]);
  });
});

describe('the list of migrations', () => {
  it('is numbered by date, so that a migration is never sorted behind one that was applied after it', () => {
    const numbers = migrations.map((step) => Number(/\d+$/.exec(step.name)?.[0]));
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    for (const number of numbers) expect(new Date(number).toISOString() > '2026-11-28').toBe(true);
  });
});
