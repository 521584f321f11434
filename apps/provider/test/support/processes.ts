import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../../../../scripts/lib/free-port.cjs';

const root = join(__dirname, '../../../..');
const programs = {
  server: join(root, 'apps/provider/dist/main.js'),
  command: join(root, 'apps/provider/dist/cli/main.js'),
};

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  json<T = Record<string, unknown>>(): T;
}

export interface RunningProvider {
  readonly base: string;
  /** Of the parent, where there are workers. */
  readonly pid: number | undefined;
  /** What it printed before it listened. */
  readonly lines: readonly string[];
  /** Sends a signal and waits for the end. @returns the exit code */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Builds the provider where its build is older than its sources; one test process at a time. */
export async function buildProvider(): Promise<void> {
  const lock = join(root, 'node_modules/.gatehouse-test-build');
  const until = Date.now() + 120_000;
  while (!take(lock)) {
    if (Date.now() > until) throw new Error(`another test run builds for too long; if there is none, remove ${lock}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  try {
    // Types are checked elsewhere: what it wrote is what counts here. Forced where its record is newer than its files.
    for (const more of [[], ['--force']]) {
      if (isFresh()) return;
      const words = [join(root, 'node_modules/typescript/bin/tsc'), '-b', 'apps/provider', ...more];
      await once(spawn(process.execPath, words, { cwd: root, stdio: 'ignore' }), 'exit');
    }
    if (!existsSync(programs.server)) throw new Error('the provider could not be built: npm run build');
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function take(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch {
    return false;
  }
}

/** True when every source has a program that is no older. */
function isFresh(): boolean {
  return ['libs/domain', 'libs/platform', 'apps/provider'].every((folder) => {
    const source = join(root, folder, 'src');
    return readdirSync(source, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /(?<!\.spec|\.fixture|\.d)\.ts$/.test(entry.name))
      .every((entry) => {
        const path = join(entry.parentPath, entry.name);
        const built = join(root, folder, 'dist', relative(source, path).replace(/\.ts$/, '.js'));
        return existsSync(built) && statSync(built).mtimeMs >= statSync(path).mtimeMs;
      });
  });
}

function environment(own: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith('GATEHOUSE_'));
  return { ...Object.fromEntries(others), NODE_ENV: 'production', ...own };
}

/** Settings with which the clock of a process of its own is set forward, or back when negative. */
export function shiftedClock(seconds: number): Record<string, string> {
  return {
    NODE_OPTIONS: `--require ${join(__dirname, 'shifted-clock.cjs')}`,
    CLOCK_SHIFT_SECONDS: String(seconds),
  };
}

/** What a command printed, and its exit status. */
type CommandOutput = Omit<Finished, 'json'>;

function finished(words: readonly string[], output: CommandOutput): Finished {
  const json = <T>(): T => {
    if (output.code !== 0) throw new Error(`${words.join(' ')} ended with ${output.code}: ${output.stderr}`);
    return JSON.parse(output.stdout) as T;
  };
  return { ...output, json };
}

/** Runs the `gatehouse` command as a process of its own: for what concerns the process, such as its streams and its end. */
export async function spawnCommand(
  words: readonly string[],
  own: Readonly<Record<string, string>>,
  stdin = '',
): Promise<Finished> {
  const child = spawn(process.execPath, [programs.command, ...words], {
    env: environment(own),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const out = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => (out[name] += text));
  child.stdin.on('error', () => undefined).end(stdin);
  const [code] = (await once(child, 'close')) as [number | null];
  return finished(words, { code, ...out });
}

/**
 * Runs the `gatehouse` command in a process that all commands of the suite share, one after the other (command-host.mjs): its
 * exit status and its output are those of a process of its own.
 */
export async function runCommand(
  words: readonly string[],
  own: Readonly<Record<string, string>>,
  stdin = '',
): Promise<Finished> {
  commands ??= new CommandHost();
  return finished(words, await commands.run({ words, env: environment(own), stdin }));
}

let commands: CommandHost | undefined;
afterAll(async () => {
  await commands?.stop();
  commands = undefined;
});

class CommandHost {
  private readonly child = fork(join(__dirname, 'command-host.mjs'), {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  private readonly waiting = new Map<number, { resolve(output: CommandOutput): void; reject(error: Error): void }>();
  private ids = 0;
  private complaint = '';

  constructor() {
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.complaint += text));
    this.child.on('message', ({ id, ...output }: { id: number } & CommandOutput) => {
      this.waiting.get(id)?.resolve(output);
      this.waiting.delete(id);
    });
    this.child.once('exit', (code) => {
      const error = new Error(`the process that runs commands ended with ${code}: ${this.complaint}`);
      for (const { reject } of this.waiting.values()) reject(error);
    });
  }

  run(command: { words: readonly string[]; env: NodeJS.ProcessEnv; stdin: string }): Promise<CommandOutput> {
    const id = ++this.ids;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.child.send({ id, ...command }, (error) => {
        if (error) reject(error);
      });
    });
  }

  async stop(): Promise<void> {
    await stopped(this.child, 'SIGTERM');
  }
}

/** Starts the provider as a process of its own, on a free port, and waits until it listens. */
export async function runProvider(own: Readonly<Record<string, string>>): Promise<RunningProvider> {
  const port = await freePort();
  const child = spawn(process.execPath, [programs.server], {
    env: environment({
      GATEHOUSE_PORT: String(port),
      GATEHOUSE_ISSUER: `http://127.0.0.1:${port}`,
      GATEHOUSE_LOG_LEVEL: 'error',
      ...own,
    }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  await new Promise<void>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      lines.push(line);
      if (line.startsWith('listening on ')) resolve();
    });
    child.once('exit', (code) => reject(new Error(`the provider ended with ${code}: ${complaint}${lines.join('\n')}`)));
  });
  return {
    base: `http://127.0.0.1:${port}`,
    pid: child.pid,
    lines,
    stop: (signal = 'SIGTERM') => stopped(child, signal),
  };
}

async function stopped(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const gone = once(child, 'exit') as Promise<[number | null]>;
  child.kill(signal);
  return (await gone)[0];
}
