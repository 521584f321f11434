import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { freePort } from '../../../../scripts/lib/free-port.cjs';
import { beforeExit } from './cleanup.mjs';
import { Site } from './site.mjs';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const endWithParent = pathToFileURL(join(root, 'scripts/lib/end-with-parent.mjs')).href;
export const programs = {
  provider: join(root, 'apps/provider/dist/main.js'),
  command: join(root, 'apps/provider/dist/cli/main.js'),
};

const redirectUri = 'https://client.example/callback';

/** One provider on one database, that can die and come back at the same address. */
export class Provider extends Site {
  /** What it wrote since its last start. */
  said = '';

  /** @param release the programs of another release than the one that is checked out */
  constructor(port, environment, release = programs) {
    super(`http://127.0.0.1:${port}`);
    this.release = release;
    this.environment = {
      GATEHOUSE_ISSUER: `http://127.0.0.1:${port}`,
      GATEHOUSE_SIGN_UP: 'open',
      GATEHOUSE_THROTTLE: 'off',
      GATEHOUSE_LOG_LEVEL: 'error',
      // A refresh token that was spent is refused at once; a code waits for a process that comes back.
      GATEHOUSE_REFRESH_RETRY_WINDOW: '0',
      GATEHOUSE_CODE_LIFETIME: '600',
      ...environment,
      GATEHOUSE_PORT: String(port),
    };
  }

  /** @param environment the settings; the folder of the data is theirs */
  static async create(environment) {
    const provider = await Provider.at(environment);
    provider.client = await provider.command([
      ...['client', 'add', '--name', 'Chaos', '--redirect-uri', redirectUri, '--json'],
      ...['--grant-type', 'authorization_code', '--grant-type', 'refresh_token'],
      ...['--scope', 'openid profile offline_access', '--refresh-token-rotation', 'always'],
    ]);
    provider.client.redirect_uri = redirectUri;
    provider.admin = await provider.command([
      ...['client', 'add', '--name', 'Chaos administration', '--json'],
      ...['--grant-type', 'client_credentials', '--scope', 'gatehouse:admin'],
    ]);
    return provider;
  }

  /** Another one, where a client is registered already. */
  static async at(environment, release) {
    const provider = new Provider(await freePort(), environment, release);
    await provider.start();
    return provider;
  }

  /** Resolves when it listens. @throws with what it said, when it ends instead */
  async start() {
    this.launch();
    const { child } = this;
    await new Promise((resolve, reject) => {
      const give = (line) => {
        clearTimeout(timer);
        child.off('exit', ended);
        if (line === undefined) resolve();
        else reject(new Error(`the provider ${line}: ${this.said.slice(-2000)}`));
      };
      const ended = (code, signal) => give(`ended with ${code ?? signal}`);
      const timer = setTimeout(() => give('does not listen'), 60_000);
      child.stdout.on('data', () => /^listening on /m.test(this.said) && give());
      child.once('exit', ended);
    });
  }

  /** Starts it and waits for nothing. */
  launch() {
    this.said = '';
    const child = spawn(process.execPath, ['--import', endWithParent, this.release.provider], {
      env: { PATH: process.env.PATH, NODE_ENV: 'production', ...this.environment },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // A process group of its own, as a service manager gives it.
      detached: true,
    });
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (this.said = `${this.said}${text}`.slice(-20_000)));
    const forget = beforeExit(() => child.kill('SIGKILL'));
    this.child = child;
    this.gone = once(child, 'exit').then(([code, signal]) => {
      forget();
      return { code, signal };
    });
  }

  get isAlive() {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** @returns how it ended */
  async end(signal) {
    if (this.isAlive) this.child.kill(signal);
    return this.gone;
  }

  /** The same for the whole process group, as service managers and terminals signal it. @returns how the first ended */
  async endGroup(signal) {
    process.kill(-this.child.pid, signal);
    return this.gone;
  }

  async stop() {
    this.http.close();
    return this.end('SIGTERM');
  }

  /** The process ids of its workers. */
  workers() {
    const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
    return lines
      .map((line) => line.trim().split(/\s+/).map(Number))
      .filter(([, parent]) => parent === this.child.pid)
      .map(([pid]) => pid);
  }

  /** @param input its standard input */
  command(words, input = '') {
    const env = { PATH: process.env.PATH, NODE_ENV: 'production', ...this.environment };
    return new Promise((resolve, reject) => {
      const child = execFile(process.execPath, [this.release.command, ...words], { env }, (error, stdout, stderr) => {
        if (error) reject(new Error(`gatehouse ${words.join(' ')}: ${stderr || error.message}`));
        else resolve(JSON.parse(stdout));
      });
      child.stdin.on('error', () => undefined);
      child.stdin.end(input);
    });
  }
}
