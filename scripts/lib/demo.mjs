import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { capture } from './command.mjs';
import { Failure } from './failure.mjs';
import { root } from './root.mjs';
import { dataFolder, secretIsSet, setting } from './settings.mjs';

const commandLine = join(root, 'apps/provider/dist/cli/main.js');

/**
 * The state that `npm start` keeps between runs, in `data/demo.json` (0600): the client's secrets, and one registration for
 * each pair of addresses that the demo ran at. Each registration has its own client database, because the client reads a
 * provider from its settings only while its table is empty.
 */
export class Demo {
  #path = join(dataFolder(), 'demo.json');
  #state;

  constructor() {
    this.#state = this.#read() ?? this.#create();
  }

  /** The client's settings besides its address, without those set in the environment. */
  clientSettings(registration) {
    const settings = {};
    const setDefault = (name, value) => {
      if (!secretIsSet(name)) settings[name] = value;
    };
    setDefault('GATEHOUSE_CLIENT_SESSION_SECRET', this.#state.sessionSecret);
    setDefault('GATEHOUSE_CLIENT_ADMIN_PASSWORD', this.#state.adminPassword);
    if (registration === undefined) return settings;
    setDefault('GATEHOUSE_CLIENT_DATABASE_URL', `sqlite:${join(dataFolder(), registration.database)}`);
    return {
      ...settings,
      GATEHOUSE_CLIENT_PROVIDER_ISSUER: registration.issuer,
      GATEHOUSE_CLIENT_PROVIDER_CLIENT_ID: registration.clientId,
      GATEHOUSE_CLIENT_PROVIDER_CLIENT_SECRET: registration.clientSecret,
    };
  }

  /** The file with the password of the client's providers page, unless the environment sets one. */
  get adminPasswordPath() {
    return secretIsSet('GATEHOUSE_CLIENT_ADMIN_PASSWORD') ? undefined : this.#path;
  }

  /**
   * The client's registration at this provider. Registers the client if there is no registration yet, or if the provider no
   * longer has it (an emptied database). Undefined if the environment configures the client.
   */
  async registration({ issuer, baseUrl, env }) {
    if (setting('GATEHOUSE_CLIENT_PROVIDER_ISSUER') ?? setting('GATEHOUSE_CLIENT_PROVIDER_CLIENT_ID')) return undefined;
    const stored = this.#state.registrations.find((each) => each.issuer === issuer && each.baseUrl === baseUrl);
    if (stored !== undefined && !(await isDeleted(stored, env))) return stored;
    const credentials = await register(baseUrl, env);
    const registration = { issuer, baseUrl, ...credentials, database: this.#freeDatabase() };
    this.#state.registrations = [...this.#state.registrations.filter((each) => each !== stored), registration];
    this.#write();
    return registration;
  }

  #freeDatabase() {
    const names = ['client.sqlite', ...Array.from({ length: 999 }, (_, index) => `client-${index + 2}.sqlite`)];
    const used = new Set(this.#state.registrations.map(({ database }) => database));
    return names.find((name) => !used.has(name) && !existsSync(join(dataFolder(), name)));
  }

  #read() {
    if (!existsSync(this.#path)) return undefined;
    try {
      return JSON.parse(readFileSync(this.#path, 'utf8'));
    } catch {
      throw new Failure(`${this.#path} is not valid JSON. Delete it to set up the demo again.`);
    }
  }

  #create() {
    const [sessionSecret, adminPassword] = [32, 12].map((bytes) => randomBytes(bytes).toString('base64url'));
    this.#state = { sessionSecret, adminPassword, registrations: [] };
    this.#write();
    return this.#state;
  }

  #write() {
    mkdirSync(dataFolder(), { recursive: true, mode: 0o700 });
    const draft = `${this.#path}.${process.pid}`;
    writeFileSync(draft, `${JSON.stringify(this.#state, null, 2)}\n`, { mode: 0o600 });
    chmodSync(draft, 0o600);
    renameSync(draft, this.#path); // atomic: the file is never half written
  }
}

/** Registers the demo client with the command line, as an administrator would. */
async function register(baseUrl, env) {
  const scopes = ['openid', 'profile', 'email', 'offline_access', 'roles'];
  const result = await gatehouse(
    [
      ...['client', 'add', '--name', 'Gatehouse demo client'],
      ...['--redirect-uri', `${baseUrl}/authorized`, '--post-logout-redirect-uri', `${baseUrl}/`],
      ...scopes.flatMap((scope) => ['--scope', scope]),
      ...['--grant-type', 'authorization_code', '--grant-type', 'refresh_token'],
    ],
    env,
  );
  return { clientId: result.client_id, clientSecret: result.client_secret };
}

/** Whether the provider no longer has the client. Lists its clients only if it rejects the client's secret. */
async function isDeleted({ issuer, clientId, clientSecret }, env) {
  const credentials = Buffer.from([clientId, clientSecret].map(encodeURIComponent).join(':')).toString('base64');
  try {
    const response = await fetch(`${issuer}/oauth/introspect`, {
      method: 'POST',
      headers: { authorization: `Basic ${credentials}` },
      body: new URLSearchParams({ token: 'none' }),
      signal: AbortSignal.timeout(5000),
    });
    if (response.status !== 401) return false;
  } catch {
    return false; // for example an untrusted certificate, which shows nothing about the client
  }
  // still listed: its secret was rotated
  const listed = await gatehouse(['client', 'list'], env);
  return !JSON.stringify(listed).includes(JSON.stringify(clientId));
}

async function gatehouse(args, env) {
  const { status, stdout, stderr } = await capture(process.execPath, [commandLine, ...args, '--json'], { env });
  if (status !== 0)
    throw new Failure(`gatehouse ${args.slice(0, 2).join(' ')} failed:\n${stderr.trim() || stdout.trim()}`);
  return JSON.parse(stdout);
}
