import { epochSeconds } from '@gatehouse/domain/kernel';
import { createLog } from '@gatehouse/platform/telemetry/log';
import { runCheck } from '../../src/diagnostics/diagnostics';
import { loadSettings } from '../../src/config/settings';
import { warnAboutNodeVersion } from '../../src/server/server';
import { startProvider, type TestProvider } from '../support/provider';

const later = epochSeconds(Date.parse('2090-01-01T00:00:00Z') / 1000);
const earlier = epochSeconds(Date.parse('2020-01-01T00:00:00Z') / 1000);
/** A line whose end of life is known: what runs the test may be newer than the table. */
const version = '20.20.2';

describe('a version of Node.js without fixes', () => {
  let provider: TestProvider;
  beforeAll(async () => (provider = await startProvider()));
  afterAll(() => provider.close());

  it('is named by doctor, and one with fixes is fine', async () => {
    const settings = loadSettings({ GATEHOUSE_SECRET_KEY: provider.secretKey });
    const original = Object.getOwnPropertyDescriptor(process, 'versions') ?? {};
    Object.defineProperty(process, 'versions', { ...original, value: { ...process.versions, node: version } });
    try {
      expect(await runCheck('node', { app: provider.app, settings, now: later })).toEqual({
        state: 'warning',
        message: expect.stringContaining('has had no security fixes since 2026-04-30') as string,
      });
      expect(await runCheck('node', { app: provider.app, settings, now: earlier })).toMatchObject({ state: 'ok' });
    } finally {
      Object.defineProperty(process, 'versions', original);
    }
  });

  it('is a warning in the log at the start', () => {
    const lines: string[] = [];
    const destination = { write: (line: string) => void lines.push(line) };
    const log = createLog({ level: 'info', name: 'provider', destination });
    warnAboutNodeVersion(log, version, earlier);
    expect(lines).toEqual([]);
    warnAboutNodeVersion(log, version, later);
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({
        level: 'warn',
        msg: expect.stringContaining('no security fixes since 2026-04-30') as string,
      }),
    ]);
  });
});
