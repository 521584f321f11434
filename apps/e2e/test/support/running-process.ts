import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export type Environment = Readonly<Record<string, string>>;

/** Makes the applications stop when a test process is killed, which cannot stop them itself. */
const endWithParent = pathToFileURL(join(__dirname, '../../../../scripts/lib/end-with-parent.mjs')).href;

/** One of the applications, started from its built main file and configured only by the environment. */
export class RunningProcess {
  private text = '';

  private constructor(
    private readonly child: ChildProcess,
    private readonly ended: Promise<unknown>,
  ) {
    const take = (chunk: Buffer): void => void (this.text += chunk.toString());
    child.stdout?.on('data', take);
    child.stderr?.on('data', take);
  }

  /** Resolves when the process reports that it listens; if it exits instead, the error contains its output. */
  static async start(script: string, environment: Environment): Promise<RunningProcess> {
    const child = spawn(process.execPath, ['--import', endWithParent, script], {
      env: { PATH: process.env['PATH'] ?? '', NODE_ENV: 'production', ...environment },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const started = new RunningProcess(child, once(child, 'exit'));
    try {
      await started.says(/^listening on /m, 60_000);
    } catch (error) {
      await started.kill();
      throw error;
    }
    return started;
  }

  get output(): string {
    return this.text;
  }

  /** Waits for a line of the output. */
  async says(pattern: RegExp, milliseconds = 10_000): Promise<RegExpExecArray> {
    const deadline = Date.now() + milliseconds;
    for (;;) {
      const found = pattern.exec(this.text);
      if (found) return found;
      if (this.child.exitCode !== null || Date.now() > deadline)
        throw new Error(`no ${String(pattern)} (exit code ${this.child.exitCode}):\n${this.text.slice(-4000)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Kills the process without a shutdown, like a power failure. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Stops the process with SIGTERM. @returns the exit code */
  async stop(): Promise<number | null> {
    await this.end('SIGTERM');
    return this.child.exitCode;
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill(signal);
    await this.ended;
  }
}
