import { randomBytes } from 'node:crypto';
import { statement } from '@gatehouse/platform/database/store';
import { PushedRequests } from '../../src/protocol/authorization/pushed-requests.service';
import { engines } from '../support/engines';
import { push } from '../support/par';
import { startProvider, type TestProvider } from '../support/provider';
import { purge, type Registered } from '../support/tokens';

jest.setTimeout(120_000);

const count = statement('test.count_pushed_requests', 'SELECT count(*) AS n FROM pushed_requests');
const countKept = statement('test.count_kept_requests', 'SELECT count(*) AS n FROM kept_requests');

describe.each(engines)('pushed authorization requests on %s', (_name, engineOf) => {
  const engine = engineOf();
  let provider: TestProvider;
  let other: TestProvider;
  let registered: Registered;
  beforeAll(async () => {
    await engine.start();
    const databaseUrl = await engine.migratedUrl();
    provider = await startProvider({ databaseUrl });
    // A second process' worth of everything, on the same database.
    other = await startProvider({ databaseUrl, env: { GATEHOUSE_SECRET_KEY: provider.secretKey } });
    registered = await provider.addClient();
  });
  afterAll(async () => {
    await other.close();
    await provider.close();
    await engine.stop();
  });

  const use = (at: TestProvider, requestUri: string, browserHash: Buffer): Promise<string> =>
    at.app
      .get(PushedRequests)
      .use(requestUri, registered.client, { browserHash, userId: undefined, addressKey: 'test' }, provider.clock.now())
      .then((kept) => kept.id);

  const countOf = async (text: typeof count): Promise<number> =>
    Number((await provider.store.one<{ n: number }>(text))?.n);

  it('100 browsers at once, over two stores: one has it, and nothing is kept for the others (RFC 9126 4)', async () => {
    const { requestUri } = await push(provider, registered);
    const before = await countOf(countKept);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 100 }, (_each, index) =>
        use(index % 2 === 0 ? provider : other, requestUri, randomBytes(32)),
      ),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'invalid_request_uri' });
    expect(await countOf(countKept)).toBe(before + 1);
  });

  it('takes the request of a public client, whose waiting requests are counted', async () => {
    const publicClient = await provider.addClient({ type: 'public', authMethod: 'none' });
    const { requestUri } = await push(provider, publicClient);
    expect(requestUri).toMatch(/^urn:ietf:params:oauth:request_uri:/);
  });

  it('100 concurrent loads in one browser create one interaction', async () => {
    const { requestUri } = await push(provider, registered);
    const browser = randomBytes(32);
    const ids = await Promise.all(
      Array.from({ length: 100 }, (_each, index) => use(index % 2 === 0 ? provider : other, requestUri, browser)),
    );
    expect(new Set(ids).size).toBe(1);
  });

  it('are purged when they have expired, used or not, and not before', async () => {
    await push(provider, registered);
    const before = await countOf(count);
    await purge(provider);
    expect(await countOf(count)).toBe(before);
    provider.clock.advance(61);
    await purge(provider);
    expect(await countOf(count)).toBe(0);
  });
});
