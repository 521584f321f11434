import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PasswordStrength } from '../../src/users/credentials/password-strength';
import { LogScan } from './log-scan';
import type { TestProvider } from './provider';

/** Estimates that wait, whatever the machine's speed, until they are let through; every password is strong then. */
export interface GatedStrength {
  readonly backlog: number;
  open(): void;
  /** Gives the provider its own estimates back. */
  end(): Promise<void>;
}

/** The provider's estimates come from a thread with a program of the test's from here on. */
export function gateStrength(
  provider: TestProvider,
  options: ConstructorParameters<typeof PasswordStrength>[1] = {},
): GatedStrength {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-gate-'));
  const [program, gate] = [join(folder, 'program.cjs'), join(folder, 'open')];
  writeFileSync(
    program,
    `const { parentPort } = require('node:worker_threads');
     const { existsSync } = require('node:fs');
     function answer(id) {
       if (existsSync(${JSON.stringify(gate)})) parentPort.postMessage({ id, guesses: 1e12 });
       else setTimeout(answer, 5, id);
     }
     parentPort.on('message', ({ id }) => answer(id));
     parentPort.postMessage('ready');`,
  );
  const limits = { waitMilliseconds: 60_000, workMilliseconds: 60_000, ...options };
  const gated = new PasswordStrength(new LogScan().log, { ...limits, program });
  const spy = jest
    .spyOn(provider.app.get(PasswordStrength), 'guesses')
    .mockImplementation((...question) => gated.guesses(...question));
  return {
    get backlog() {
      return gated.backlog;
    },
    open: () => {
      if (!existsSync(gate)) writeFileSync(gate, '');
    },
    end: async () => {
      spy.mockRestore();
      await gated.onModuleDestroy();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
