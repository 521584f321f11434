import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../../../scripts/lib/free-port.cjs';
import { RunningProcess, type Environment } from './running-process.js';
import type { Person } from './person.js';
import { signUp } from './sign-up.js';

export type { Person } from './person.js';

const root = join(__dirname, '../../../..');
const scripts = {
  provider: join(root, 'apps/provider/dist/main.js'),
  client: join(root, 'apps/client/dist/main.js'),
  command: join(root, 'apps/provider/dist/cli/main.js'),
};

export interface RegisteredClient {
  readonly client_id: string;
  readonly client_secret: string;
}

export interface StageOptions {
  readonly provider?: Environment;
  readonly client?: Environment;
  /** Without it, the first start prints a one-time link. */
  readonly adminPassword?: string;
  /** The issuer's host; passkeys need a name. */
  readonly host?: '127.0.0.1' | 'localhost';
}

export const clientAdminPassword = 'the client’s own administrator';

/** A provider and a client in two processes, each with its own database on disk. */
export class Stage {
  private people = 0;

  private constructor(
    readonly issuer: string,
    readonly clientUrl: string,
    /** The client that is registered at the start. */
    readonly registered: RegisteredClient,
    private readonly folder: string,
    private readonly environment: Environment,
    private readonly clientEnvironment: Environment,
    public provider: RunningProcess,
    public client: RunningProcess,
  ) {}

  static async set(options: StageOptions = {}): Promise<Stage> {
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-e2e-'));
    const [providerPort, clientPort] = [await freePort(), await freePort()];
    const [issuer, clientUrl] = [
      `http://${options.host ?? '127.0.0.1'}:${providerPort}`,
      `http://localhost:${clientPort}`,
    ];
    const environment: Environment = {
      GATEHOUSE_PORT: String(providerPort),
      GATEHOUSE_ISSUER: issuer,
      GATEHOUSE_DATABASE_URL: `sqlite:${join(folder, 'provider.sqlite')}`,
      GATEHOUSE_DATA_DIR: folder,
      GATEHOUSE_SIGN_UP: 'open',
      // All tests use one address; the HTTP specs test the limits.
      GATEHOUSE_THROTTLE: 'off',
      ...(options.adminPassword === undefined ? {} : { GATEHOUSE_ADMIN_PASSWORD: options.adminPassword }),
      ...options.provider,
    };
    const provider = await RunningProcess.start(scripts.provider, environment);
    try {
      const registered = await addClient(environment, 'Gatehouse demo', clientUrl);
      const clientEnvironment: Environment = {
        GATEHOUSE_CLIENT_BASE_URL: clientUrl,
        GATEHOUSE_CLIENT_DATABASE_URL: `sqlite:${join(folder, 'client.sqlite')}`,
        GATEHOUSE_CLIENT_SESSION_SECRET: randomBytes(32).toString('base64url'),
        GATEHOUSE_CLIENT_ADMIN_PASSWORD: clientAdminPassword,
        GATEHOUSE_CLIENT_PROVIDER_ISSUER: issuer,
        GATEHOUSE_CLIENT_PROVIDER_CLIENT_ID: registered.client_id,
        GATEHOUSE_CLIENT_PROVIDER_CLIENT_SECRET: registered.client_secret,
        GATEHOUSE_DATA_DIR: folder,
        ...options.client,
      };
      const client = await RunningProcess.start(scripts.client, clientEnvironment);
      return new Stage(issuer, clientUrl, registered, folder, environment, clientEnvironment, provider, client);
    } catch (error) {
      await provider.kill();
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Kills or stops the provider, and starts it again with the same database. */
  async restartProvider(how: 'kill' | 'stop', changed: Environment = {}): Promise<void> {
    await this.provider[how]();
    this.provider = await RunningProcess.start(scripts.provider, { ...this.environment, ...changed });
  }

  /** Stops the client, and starts it again with the same database. */
  async restartClient(): Promise<void> {
    await this.client.stop();
    this.client = await RunningProcess.start(scripts.client, this.clientEnvironment);
  }

  /** Runs a command with the database of the running provider. */
  command<T>(...args: string[]): Promise<T> {
    return command(this.environment, args);
  }

  commandWithInput<T>(input: string, ...args: string[]): Promise<T> {
    return command(this.environment, args, input);
  }

  addClient(name: string, url: string, ...args: string[]): Promise<RegisteredClient> {
    return addClient(this.environment, name, url, ...args);
  }

  /** Adds a user with a unique name. */
  async addPerson(name = 'person'): Promise<Person> {
    const person = { username: `${name}-${++this.people}`, password: 'correct horse battery staple' };
    await signUp(this.issuer, person);
    return person;
  }

  async strike(): Promise<void> {
    await Promise.all([this.client.stop(), this.provider.stop()]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function addClient(environment: Environment, name: string, url: string, ...args: string[]): Promise<RegisteredClient> {
  return command(environment, [
    ...['client', 'add', '--name', name, '--redirect-uri', `${url}/authorized`],
    ...['--post-logout-redirect-uri', `${url}/`, '--grant-type', 'authorization_code', '--grant-type', 'refresh_token'],
    ...['--scope', 'openid profile email offline_access roles', '--json', ...args],
  ]);
}

function command<T>(environment: Environment, args: readonly string[], input = ''): Promise<T> {
  const env = { PATH: process.env['PATH'] ?? '', ...environment };
  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, [scripts.command, ...args], { env }, (error, stdout, stderr) => {
      if (error) reject(new Error(`gatehouse ${args.join(' ')}: ${stderr || error.message}`));
      else resolve(JSON.parse(stdout) as T);
    });
    child.stdin?.end(input);
  });
}
