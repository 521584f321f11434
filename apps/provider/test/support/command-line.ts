import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock, SystemClock } from '@gatehouse/platform/clock';
import { startProvider, type TestProvider } from './provider';
import { buildProvider, runCommand, type Finished } from './processes';

/** A provider, and the command line on its database. Call it once in a describe block. */
export function useCommandLine() {
  let provider: TestProvider;
  let folder: string;
  let env: Record<string, string>;
  beforeAll(async () => {
    await buildProvider();
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-cli-'));
    const url = `sqlite:${join(folder, 'provider.sqlite')}`;
    provider = await startProvider({
      databaseUrl: url,
      env: { GATEHOUSE_KEY_PREPUBLISH_SECONDS: '3600' },
      // A command goes by the machine's clock.
      clock: new ManualClock(new SystemClock().now()),
    });
    env = {
      GATEHOUSE_DATABASE_URL: url,
      GATEHOUSE_SECRET_KEY: provider.secretKey,
      GATEHOUSE_ISSUER: provider.issuer,
      GATEHOUSE_KEY_PREPUBLISH_SECONDS: '3600',
    };
  });
  afterAll(async () => {
    await provider.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const gatehouse = (words: string, stdin?: string) => runCommand(words.split(' '), env, stdin);

  function expectError(done: Finished, code: number, error: string): void {
    expect({ code: done.code, stdout: done.stdout }).toEqual({ code, stdout: '' });
    const lines = done.stderr.trim().split('\n');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toEqual({ error, message: expect.any(String) as unknown });
  }

  return { provider: () => provider, folder: () => folder, env: () => env, gatehouse, expectError };
}
