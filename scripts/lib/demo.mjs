import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { capture } from './command.mjs';
import { Failure } from './failure.mjs';
import { root } from './root.mjs';
import { dataFolder, secretIsSet, setting } from './settings.mjs';

const commandLine = join(root, 'apps/provider/dist/cli/main.js');

/**
 * What `npm start` keeps between runs, in `data/demo.json` (0600): the client's own secrets, and one registration for
 * each pair of addresses that the demo ran at. A registration has a client database of its own, because the client
 * takes a provider from its settings only while its table is empty.
 */
export class Demo {
  #path = join(dataFolder(), 'demo.json');
  #kept;

  constructor() {
    this.#kept = this.#read() ?? this.#begin();
  }

  /** The client's settings beyond its address: those set by hand stay. */
  clientSettings(registration) {
    const settings = {};
    const offer = (name, value) => {
      if (!secretIsSet(name)) settings[name] = value;
    };
    offer('GATEHOUSE_CLIENT_SESSION_SECRET', this.#kept.sessionSecret);
    offer('GATEHOUSE_CLIENT_ADMIN_PASSWORD', this.#kept.adminPassword);
    if (registration === undefined) return settings;
    offer('GATEHOUSE_CLIENT_DATABASE_URL', `sqlite:${join(dataFolder(), registration.database)}`);
    return {
      ...settings,
      GATEHOUSE_CLIENT_PROVIDER_ISSUER: registration.issuer,
      GATEHOUSE_CLIENT_PROVIDER_CLIENT_ID: registration.clientId,
      GATEHOUSE_CLIENT_PROVIDER_CLIENT_SECRET: registration.clientSecret,
    };
  }

  /** The password of the client's page of providers, unless one was set by hand. */
  get adminPasswordPath() {
    return secretIsSet('GATEHOUSE_CLIENT_ADMIN_PASSWORD') ? undefined : this.#path;
  }

  /**
   * The client's registration at this provider, made when there is none yet or the provider has lost it (an emptied
   * database). Undefined where the client's settings were set by hand.
   */
  async registration({ issuer, baseUrl, env }) {
    if (setting('GATEHOUSE_CLIENT_PROVIDER_ISSUER') ?? setting('GATEHOUSE_CLIENT_PROVIDER_CLIENT_ID')) return undefined;
    const kept = this.#kept.registrations.find((each) => each.issuer === issuer && each.baseUrl === baseUrl);
    if (kept !== undefined && !(await isLost(kept, env))) return kept;
    const made = await register(baseUrl, env);
    const registration = { issuer, baseUrl, ...made, database: this.#freeDatabase() };
    this.#kept.registrations = [...this.#kept.registrations.filter((each) => each !== kept), registration];
    this.#write();
    return registration;
  }

  #freeDatabase() {
    const names = ['client.sqlite', ...Array.from({ length: 999 }, (_, index) => `client-${index + 2}.sqlite`)];
    const used = new Set(this.#kept.registrations.map(({ database }) => database));
    return names.find((name) => !used.has(name) && !existsSync(join(dataFolder(), name)));
  }

  #read() {
    if (!existsSync(this.#path)) return undefined;
    try {
      return JSON.parse(readFileSync(this.#path, 'utf8'));
    } catch {
      throw new Failure(`${this.#path} cannot be read as JSON. Delete it, and the demo is set up anew.`);
    }
  }

  #begin() {
    const [sessionSecret, adminPassword] = [32, 12].map((bytes) => randomBytes(bytes).toString('base64url'));
    this.#kept = { sessionSecret, adminPassword, registrations: [] };
    this.#write();
    return this.#kept;
  }

  #write() {
    mkdirSync(dataFolder(), { recursive: true, mode: 0o700 });
    const draft = `${this.#path}.${process.pid}`;
    writeFileSync(draft, `${JSON.stringify(this.#kept, null, 2)}\n`, { mode: 0o600 });
    chmodSync(draft, 0o600);
    renameSync(draft, this.#path); // either the old or the new file, never half of one
  }
}

/** Registers the demo's client by the command line, as a person would. */
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

/** Asks the provider whether it still takes the client's secret; only a clear no leads to a look at its list. */
async function isLost({ issuer, clientId, clientSecret }, env) {
  const credentials = Buffer.from([clientId, clientSecret].map(encodeURIComponent).join(':')).toString('base64');
  try {
    const answer = await fetch(`${issuer}/oauth/introspect`, {
      method: 'POST',
      headers: { authorization: `Basic ${credentials}` },
      body: new URLSearchParams({ token: 'none' }),
      signal: AbortSignal.timeout(5000),
    });
    if (answer.status !== 401) return false;
  } catch {
    return false; // a certificate that this process does not trust, say: no proof of anything
  }
  // still listed: somebody rotated its secret, and will have told the client
  const listed = await gatehouse(['client', 'list'], env);
  return !JSON.stringify(listed).includes(JSON.stringify(clientId));
}

async function gatehouse(words, env) {
  const { status, stdout, stderr } = await capture(process.execPath, [commandLine, ...words, '--json'], { env });
  if (status !== 0)
    throw new Failure(`gatehouse ${words.slice(0, 2).join(' ')} failed:\n${stderr.trim() || stdout.trim()}`);
  return JSON.parse(stdout);
}
