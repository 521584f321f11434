import type { Client } from '@gatehouse/domain/oauth';
import { statement } from '@gatehouse/platform/database/store';
import { FailedRequests } from '../../src/audit/failed-requests.service';
import { RotateClientSecret } from '../../src/clients/operations/rotate-client-secret';
import { PurgeService } from '../../src/jobs/purge.service';
import { engines } from '../support/engines';
import { basic, post, startProvider, type TestProvider } from '../support/provider';

jest.setTimeout(120_000);

const rowsAfterTheLast = (count: string): string =>
  `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${count}),
     newest (selector) AS (SELECT COALESCE(MAX(selector), 0) FROM refusals)`;
const addAnonymous = statement(
  'test.add_anonymous_refusals',
  `INSERT INTO refusals (selector, request_id, at, endpoint, reason, error, description, client_id, address, parameters)
   ${rowsAfterTheLast('10001')}
   SELECT newest.selector + n, 'r', $1, 'token', 'x', 'invalid_client', 'd', 'anonymous', '192.0.2.1', '{}'
   FROM numbers, newest`,
);
const addAuthenticated = statement(
  'test.add_authenticated_refusals',
  `INSERT INTO refusals (selector, request_id, at, endpoint, reason, error, description, client_id, address, parameters,
     client_authenticated)
   ${rowsAfterTheLast('5000')}
   SELECT newest.selector + n, 'r', $1, 'token', 'x', 'invalid_scope', 'd', 'other', '192.0.2.1', '{}', TRUE
   FROM numbers, newest`,
);
const countOf = statement('test.count_refusals_of', 'SELECT count(*) AS n FROM refusals WHERE client_id = $1');
const unapprove = statement('test.unapprove_client', 'UPDATE clients SET approved_at = NULL WHERE id = $1');

describe.each(engines)('the records of failed requests on %s', (_name, engineOf) => {
  const engine = engineOf();
  let provider: TestProvider;
  beforeAll(() => engine.start());
  afterAll(() => engine.stop());
  beforeEach(async () => (provider = await startProvider({ databaseUrl: await engine.migratedUrl() })));
  afterEach(() => provider.close());

  const acting = { grantTypes: ['client_credentials'], redirectUris: [], scope: ['a'] };
  async function fail(client: Client, secret?: string): Promise<void> {
    const headers = secret === undefined ? undefined : { Authorization: basic(client, secret) };
    const body = { grant_type: 'client_credentials', scope: 'b', client_id: client.id };
    expect((await post(`${provider.base}/oauth/token`, body, headers)).json()).toHaveProperty('error');
    await provider.app.get(FailedRequests).flush();
    expect(await stored(client.id)).toBe(1);
  }
  const stored = async (clientId: string): Promise<number> =>
    Number((await provider.store.one<{ n: number | string }>(countOf, clientId))?.n);
  const add = (rows: typeof addAnonymous): Promise<number> =>
    provider.store.run((unit) => unit.change(rows, provider.clock.now()));
  const purge = (): Promise<unknown> => provider.app.get(PurgeService).purge();

  it('of a client that authenticated are not displaced by anonymous requests, which keep their newest 5,000', async () => {
    const { client, secret } = await provider.addClient(acting);
    await fail(client, secret);
    expect(await add(addAnonymous)).toBe(10_001);
    await purge();
    expect(await stored(client.id)).toBe(1);
    expect(await stored('anonymous')).toBe(5_000);
    const { failedRequests } = await provider.app.get(FailedRequests).list({ clientId: client.id, limit: 1 });
    expect(failedRequests[0]).toMatchObject({ clientId: client.id, clientAuthenticated: true });
  });

  it('of clients that authenticated are the newest 5,000, and displace no others', async () => {
    const { client } = await provider.addClient(acting);
    await fail(client, 'wrong');
    const other = await provider.addClient(acting);
    await fail(other.client, other.secret);
    await add(addAuthenticated);
    await purge();
    expect([await stored(client.id), await stored(other.client.id), await stored('other')]).toEqual([1, 0, 5_000]);
  });

  it('of public and unapproved clients count as anonymous', async () => {
    const open = await provider.addClient({ type: 'public', authMethod: 'none' });
    await fail(open.client);
    const { client } = await provider.addClient(acting);
    await provider.store.run((unit) => unit.change(unapprove, client.id));
    // Reads the client anew.
    await fail(client, await provider.execute(RotateClientSecret, { id: client.id, overlapSeconds: 0 }));
    await add(addAnonymous);
    await purge();
    expect([await stored(open.client.id), await stored(client.id)]).toEqual([0, 0]);
  });
});
