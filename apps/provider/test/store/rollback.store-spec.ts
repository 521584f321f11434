import { migrateDown, migrateUp, openSource } from '@gatehouse/platform/database/open-store';
import type { DataSource } from 'typeorm';
import { entities, migrations } from '../../src/schema';
import { engines } from '../support/engines';

jest.setTimeout(180_000);

type Values = Readonly<Record<string, unknown>>;

describe.each(engines)('reverting a migration on %s', (_name, engineOf) => {
  const engine = engineOf();
  let source: DataSource;
  let made = 0;

  beforeAll(() => engine.start());
  afterAll(() => engine.stop());
  beforeEach(async () => {
    source = await openSource({ url: await engine.freshUrl(), entities, migrations });
    await migrateUp(source);
  });
  afterEach(() => source.destroy());

  const query = <R extends object>(text: string): Promise<R[]> => source.query<R[]>(text);
  const downTo = async (step: string): Promise<void> => {
    for (let reverted = await migrateDown(source); !reverted?.startsWith(step); reverted = await migrateDown(source))
      if (reverted === undefined) throw new Error(`${step} was not applied`);
  };

  /** A row with the values named, and an empty value in every other column that needs one. */
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
    const row = Object.fromEntries(
      entity.columns
        .filter((column) => column.databaseName in values || !column.isNullable)
        .map((column) => [
          column.databaseName,
          column.databaseName in values ? values[column.databaseName] : empty(column.type),
        ]),
    );
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

  it('ends what was bound to a DPoP key, which the version before would take from anyone (RFC 9449)', async () => {
    await client('plain');
    await withMetadata('dpop', { dpopBoundAccessTokens: true });
    await withMetadata('fapi', { securityProfile: 'fapi-2-security' });
    for (const table of ['authorization_codes', 'access_tokens', 'refresh_tokens']) {
      await insert(table, { selector: 1, client_id: 'plain', dpop_jkt: 'key' });
      await insert(table, { selector: 2, client_id: 'plain' });
    }
    for (const [table, column] of [
      ['pushed_requests', 'content'],
      ['kept_requests', 'parameters'],
    ] as const) {
      await insert(table, { selector: 1, client_id: 'plain', [column]: '{"request":{"dpopJkt":"key"}}' });
      await insert(table, { selector: 2, client_id: 'plain', [column]: '{"request":{}}' });
    }
    await insert('grants', { selector: 1, client_id: 'dpop' });
    await insert('grants', { selector: 2, client_id: 'plain' });
    await downTo('Dpop');
    for (const table of ['authorization_codes', 'access_tokens', 'refresh_tokens', 'pushed_requests', 'kept_requests'])
      expect([table, await selectors(table)]).toEqual([table, [2]]);
    expect(await clientsThat('disabled_at IS NOT NULL')).toEqual(['dpop', 'fapi']);
    expect(await selectors('grants', 'revoked_at IS NULL')).toEqual([2]);
    const [version] = await query<{ version: number }>(`SELECT version FROM cache_versions WHERE topic = 'clients'`);
    expect(version?.version).toBeGreaterThan(0);
  });

  it('switches off clients whose restriction goes, each with the step that the restriction came with', async () => {
    await client('plain');
    await client('limited', { limited_at: 5 });
    await withMetadata('pairwise', { subjectType: 'pairwise' });
    await withMetadata('par', { requirePushedAuthorizationRequests: true });
    await client('api-credentials', { resource_server: source.options.type === 'postgres' ? true : 1 });
    await client('may-not-act', { grant_types: '["client_credentials"]' });
    await client('two-factors', { second_factor_required: source.options.type === 'postgres' ? true : 1 });
    await withMetadata('signed', { requireSignedRequestObject: true });
    await withMetadata('encrypted', { idTokenEncryptedResponseAlg: 'RSA-OAEP' });
    const disabled = (): Promise<string[]> => clientsThat('disabled_at IS NOT NULL');
    const expected: string[] = [];
    for (const [step, ...ids] of [
      ['ListOrders'],
      ['LimitedClients', 'limited'],
      ['SessionClients'],
      ['ServerSecrets', 'pairwise'],
      ['DeviceAuthorizations'],
      ['PushedRequests', 'par'],
      ['ConsentResources'],
      ['Resources', 'api-credentials', 'may-not-act'],
      ['Factors', 'two-factors'],
      ['Registration'],
      ['ClientMetadata', 'encrypted', 'signed'],
    ] as const) {
      await downTo(step);
      expected.push(...ids);
      expect([step, await disabled()]).toEqual([step, expected.sort()]);
    }
  });

  it('ends tokens, grants and consents that were restricted to some APIs or name who acts', async () => {
    await client('c');
    await insert('users', { id: 'u' });
    await insert('access_tokens', { selector: 1, client_id: 'c', audience: '["https://api.example/"]' });
    await insert('access_tokens', { selector: 2, client_id: 'c', act: '{"sub":"a"}' });
    await insert('access_tokens', { selector: 3, client_id: 'c' });
    await insert('grants', { selector: 1, client_id: 'c', user_id: 'u', resources: '["https://api.example/"]' });
    await insert('grants', { selector: 2, client_id: 'c', user_id: 'u' });
    const live = (table: string): Promise<number[]> => selectors(table, 'revoked_at IS NULL');
    await downTo('TokenExchange');
    expect(await live('access_tokens')).toEqual([1, 3]);
    await downTo('PushedRequests');
    await source.query(
      `INSERT INTO consents (user_id, client_id, scope, created_at, updated_at, claims, resources)
       VALUES ('u', 'c', '["read"]', 1, 1, '[]', '["https://api.example/"]')`,
    );
    await downTo('ConsentResources');
    expect(await query('SELECT * FROM consents')).toEqual([]);
    await downTo('Resources');
    expect(await live('access_tokens')).toEqual([3]);
    expect(await live('grants')).toEqual([2]);
  });

  it('opens no account with two factors by its password alone', async () => {
    for (const id of ['totp', 'passkey', 'by-role', 'plain']) await insert('users', { id, username_key: id });
    await insert('totp_factors', { user_id: 'totp' });
    await insert('passkeys', { id: 'p', user_id: 'passkey' });
    await insert('role_requirements', { role: 'admin', second_factor: 1 });
    await insert('user_roles', { user_id: 'by-role', role: 'admin' });
    for (const [index, id] of ['totp', 'plain'].entries()) {
      await insert('sessions', { selector: index + 1, id: `s-${id}`, user_id: id, is_full: 1 });
      await insert('grants', { selector: index + 1, user_id: id });
    }
    // Waits for its second factor; the version before would take it for a whole one.
    await insert('sessions', { selector: 3, id: 'partial', user_id: 'plain', is_full: 0 });
    await downTo('Factors');
    const disabled = await query<{ id: string }>('SELECT id FROM users WHERE disabled_at IS NOT NULL ORDER BY id');
    expect(disabled.map(({ id }) => id)).toEqual(['by-role', 'passkey', 'totp']);
    expect(await selectors('sessions', 'ended_at IS NULL')).toEqual([2]);
    expect(await selectors('grants', 'revoked_at IS NULL')).toEqual([2]);
  });

  it('removes clients that nobody approved, where approval goes', async () => {
    await client('approved');
    await client('registered', { source: 'registration', approved_at: null });
    await insert('users', { id: 'u' });
    await insert('client_secrets', { id: 's', client_id: 'registered' });
    await insert('client_origins', { origin: 'https://r.example', client_id: 'registered' });
    await insert('consents', { user_id: 'u', client_id: 'registered', resource_scopes: '{}' });
    await insert('grants', { selector: 1, client_id: 'registered', user_id: 'u' });
    await insert('grants', { selector: 2, client_id: 'approved', user_id: 'u' });
    await insert('access_tokens', { selector: 1, client_id: 'registered' });
    await downTo('Registration');
    expect(await clientsThat('1 = 1')).toEqual(['approved']);
    for (const table of ['client_secrets', 'client_origins', 'consents'])
      expect(await query(`SELECT * FROM ${table}`)).toEqual([]);
    expect(await selectors('grants', 'revoked_at IS NULL')).toEqual([2]);
    expect(await selectors('access_tokens', 'revoked_at IS NULL')).toEqual([]);
  });
});

describe('the list of steps', () => {
  it('is numbered by date, so that a migration is never sorted behind one that was applied after it', () => {
    const numbers = migrations.map((step) => Number(/\d+$/.exec(step.name)?.[0]));
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    for (const number of numbers.filter((each) => each > 1_764_000_000_999))
      expect(new Date(number).toISOString() > '2026-11-29').toBe(true);
  });
});
