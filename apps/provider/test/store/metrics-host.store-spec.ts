import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../../../scripts/lib/free-port.cjs';
import { loadSettings } from '../../src/config/settings';
import { send } from '../support/browser';
import { buildProvider, runProvider } from '../support/processes';

jest.setTimeout(120_000);

describe('the address of the metrics', () => {
  let folder: string;
  beforeAll(() => buildProvider());
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'gatehouse-metrics-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const settings = async (own: Readonly<Record<string, string>>): Promise<Record<string, string>> => ({
    GATEHOUSE_DATABASE_URL: `sqlite:${join(folder, 'provider.sqlite')}`,
    GATEHOUSE_METRICS_PORT: String(await freePort()),
    ...own,
  });

  it('is of this machine alone where none is set', () => {
    expect(loadSettings({}).metricsHost).toBe('127.0.0.1');
  });

  it.each(['1', '2'])('is the one that is set (%s processes)', async (workers) => {
    // All of 127.0.0.0/8 is this machine.
    const env = await settings({ GATEHOUSE_METRICS_HOST: '127.0.0.2', GATEHOUSE_WORKERS: workers });
    const provider = await runProvider(env);
    try {
      const at = (host: string) => send(`http://${host}:${env['GATEHOUSE_METRICS_PORT']}/metrics`);
      expect((await at('127.0.0.2')).text).toContain('gatehouse_password_queue');
      await expect(at('127.0.0.1')).rejects.toThrow(/ECONNREFUSED/);
    } finally {
      await provider.stop();
    }
  });

  it('must be of this machine: otherwise one line names the settings', async () => {
    // RFC 5737: no machine has it.
    const env = await settings({ GATEHOUSE_METRICS_HOST: '192.0.2.1' });
    await expect(runProvider(env)).rejects.toThrow(
      /^the provider ended with 1: the metrics cannot listen on 192\.0\.2\.1:\d+ \(EADDRNOTAVAIL\): set GATEHOUSE_METRICS_HOST or GATEHOUSE_METRICS_PORT to another one\n$/,
    );
  });
});
