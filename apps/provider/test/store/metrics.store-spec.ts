import { randomBytes } from 'node:crypto';
import { send } from '../support/browser';
import { engines } from '../support/engines';
import { buildProvider, runCommand, runProvider, type RunningProvider } from '../support/processes';
import { freePort } from '../../../../scripts/lib/free-port.cjs';
import { post } from '../support/provider';

jest.setTimeout(120_000);

describe.each(engines)('metrics on %s', (name, engineOf) => {
  const engine = engineOf();
  let running: RunningProvider;
  let port: number;
  let client: { client_id: string; client_secret: string };

  beforeAll(async () => {
    await buildProvider();
    await engine.start();
    port = await freePort();
    const env = {
      GATEHOUSE_DATABASE_URL: await engine.migratedUrl(),
      GATEHOUSE_SECRET_KEY: randomBytes(32).toString('base64url'),
      GATEHOUSE_METRICS_PORT: String(port),
    };
    running = await runProvider(env);
    const words = ['client', 'add', '--name', 'Counted', '--grant-type', 'client_credentials', '--json'];
    client = (await runCommand(words, env)).json();
  });
  afterAll(async () => {
    await running.stop();
    await engine.stop();
  });

  /** The value of a series whose labels begin so; undefined when there is none. */
  async function figure(series: string): Promise<number | undefined> {
    const { text } = await send(`http://127.0.0.1:${port}/metrics`);
    const line = text.split('\n').find((each) => each.startsWith(series));
    return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1));
  }

  const token = (secret: string) =>
    post(
      `${running.base}/oauth/token`,
      { grant_type: 'client_credentials' },
      { Authorization: `Basic ${Buffer.from(`${client.client_id}:${secret}`).toString('base64')}` },
    );

  it('counts requests by route and outcome with their durations, tokens by grant type, refusals by reason', async () => {
    expect((await token(client.client_secret)).status).toBe(200);
    expect((await token(client.client_secret)).status).toBe(200);
    expect((await token('not its secret')).status).toBe(401);
    const requests = 'gatehouse_request_duration_seconds';
    const route = 'method="POST",route="/oauth/token"';
    expect(await figure(`${requests}_count{${route},status="200"`)).toBe(2);
    expect(await figure(`${requests}_count{${route},status="401"`)).toBe(1);
    expect(await figure(`${requests}_sum{${route},status="200"`)).toBeGreaterThan(0);
    expect(await figure('gatehouse_token_responses_total{grant_type="client_credentials"}')).toBe(2);
    expect(await figure('gatehouse_failed_requests_total{reason=')).toBeGreaterThan(0);
  });

  it('creates no series for unknown paths', async () => {
    await send(`${running.base}/a-path-of-a-stranger`);
    const { text } = await send(`http://127.0.0.1:${port}/metrics`);
    expect(text).toContain('route="unmatched"');
    expect(text).not.toContain('stranger');
  });

  it('tells the queue of passwords, the purge, the event loop and the process', async () => {
    expect(await figure('gatehouse_password_queue')).toBe(0);
    expect(await figure('gatehouse_purge_backlog_tables')).toBe(0);
    expect(await figure('gatehouse_purged_rows_total')).toBe(0);
    expect(await figure('gatehouse_nodejs_eventloop_lag_p99_seconds')).toBeGreaterThan(0);
    expect(await figure('gatehouse_process_resident_memory_bytes')).toBeGreaterThan(1_000_000);
  });

  if (name === 'SQLite')
    it('tells how many units share a commit, and how long commits take', async () => {
      await token(client.client_secret);
      expect(await figure('gatehouse_write_batch_units_count')).toBeGreaterThan(0);
      expect(await figure('gatehouse_write_commit_seconds_sum')).toBeGreaterThan(0);
      expect(await figure('gatehouse_database_connections')).toBeUndefined();
    });
  else
    it('tells what its connections do', async () => {
      await token(client.client_secret);
      for (const pool of ['units', 'reads']) {
        const series = (state: string) => figure(`gatehouse_database_connections{pool="${pool}",state="${state}"}`);
        expect(((await series('idle')) ?? 0) + ((await series('busy')) ?? 0)).toBeGreaterThan(0);
        expect(await series('waiting')).toBe(0);
      }
    });

  it('is on this machine only, and says nothing else', async () => {
    expect((await send(`http://127.0.0.1:${port}/`)).status).toBe(404);
    expect((await send(`${running.base}/metrics`)).status).toBe(404);
  });
});
