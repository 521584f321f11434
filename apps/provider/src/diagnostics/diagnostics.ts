import { readdir, stat, statfs } from 'node:fs/promises';
import { connect } from 'node:net';
import { basename, dirname, join } from 'node:path';
import type { Abstract, Type } from '@nestjs/common';
import { needsSuccessor } from '@gatehouse/domain/jose';
import {
  isAdministrationScope,
  isLoopbackHost,
  profileFor,
  profileProblems,
  type Client,
} from '@gatehouse/domain/oauth';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { parseDatabaseUrl } from '@gatehouse/platform/database/database-url';
import { Store } from '@gatehouse/platform/database/store';
import { nodeProblem } from '@gatehouse/platform/node-releases';
import type { OriginRejection } from '@gatehouse/platform/http/origin-check';
import { AuditChain } from '../audit/audit-chain.service.js';
import { RejectedForms } from '../audit/rejected-forms.service.js';
import { ClientsService } from '../clients/clients.service.js';
import { keyFileOf, type Settings } from '../config/settings.js';
import { text, type Message, type Text } from '../i18n/message.js';
import type { Cursor } from '../web/cursor.js';
import { routes } from '../web/routes.js';
import { keyKindNames } from '../keys/key-kinds.js';
import { KeysService } from '../keys/keys.service.js';
import { logoutKinds, LogoutFailures } from '../clients/logout-failures.service.js';
import { RecordedIssuer } from '../database/recorded-issuer.service.js';
import { Outbox, type Backlog } from '../outbox/outbox.service.js';
import { UndeliverableAddressesService } from '../users/undeliverable-addresses.service.js';
import { UsersService } from '../users/users.service.js';
import { UserTextSearch } from '../users/user-text-search.service.js';

/** The result of one check. `error`: it does not work, or not securely; `warning`: it works, but an operator should know. */
export interface Finding {
  readonly state: 'ok' | 'warning' | 'error';
  /** What was found, and what to do about it, in English. */
  readonly message: string;
  /** The same for pages, of those checks that pages show. */
  readonly text?: Text;
}

export interface DiagnosticContext {
  /** Resolves a service. */
  readonly app: { get<T>(type: Type<T> | Abstract<T>): T };
  readonly settings: Settings;
  readonly now: EpochSeconds;
}

const ok = (message: string): Finding => ({ state: 'ok', message });
const warning = (message: Message): Finding => ({ state: 'warning', ...messageOf(message) });
const failure = (message: Message): Finding => ({ state: 'error', ...messageOf(message) });

function messageOf(message: Message): Omit<Finding, 'state'> {
  return typeof message === 'string' ? { message } : { message: String(message), text: message };
}

const connectMilliseconds = 5_000;
const clientsPerPage = 500;
const maxClientsChecked = 20_000;
const minFreeBytes = 512 * 1024 * 1024;

/** What was found, and what to configure. */
const originRejections: Readonly<Record<OriginRejection, string>> = {
  host: 'on pages opened at another host than that of GATEHOUSE_ISSUER (set it to the address that people open, or redirect other names to it)',
  'scheme-or-port':
    'on pages opened with another scheme or port than that of GATEHOUSE_ISSUER (set it to what the address bar shows)',
  missing: 'without Origin, Sec-Fetch-Site and Referer (let the proxy pass these headers on)',
  foreign:
    'from pages of other sites (nothing to do, unless people cannot sign in: then compare the address that they open with GATEHOUSE_ISSUER)',
};

type DiagnosticCheck = (context: DiagnosticContext) => Promise<Finding> | Finding;

/** The checks by name; one that throws is itself an error. */
const diagnosticChecks = {
  node: ({ now }: DiagnosticContext) => {
    const { node } = process.versions;
    const problem = nodeProblem(node, now);
    return problem === undefined ? ok(`Node.js ${node}`) : warning(problem);
  },
  issuer: ({ settings }: DiagnosticContext) => {
    const { protocol, hostname } = new URL(settings.issuer);
    if (protocol === 'https:') return ok(`${settings.issuer} is https`);
    return isLoopbackHost(hostname)
      ? warning(text('diagnostic.issuer.loopback', { issuer: settings.issuer }))
      : failure(text('diagnostic.issuer.http', { issuer: settings.issuer }));
  },
  'recorded issuer': async ({ app }: DiagnosticContext) => {
    const changed = await app.get(RecordedIssuer).warning();
    return changed === undefined ? ok('the database was created with this issuer') : warning(changed);
  },
  proxy: ({ settings }: DiagnosticContext) => {
    if (settings.tls !== undefined || !settings.issuer.startsWith('https:'))
      return ok('clients connect to the provider directly');
    return !settings.trustedProxies.isEmpty
      ? ok('a trusted proxy terminates TLS')
      : failure(text('diagnostic.proxy.untrusted'));
  },
  answer: async ({ settings }: DiagnosticContext) => {
    const url = settings.issuer + routes.openidConfiguration;
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(connectMilliseconds), redirect: 'manual' });
      const { issuer } = (await response.json()) as { issuer?: unknown };
      return issuer === settings.issuer
        ? ok(`${url} responds`)
        : failure(`${url} responds for another issuer: ${JSON.stringify(issuer).slice(0, 200)}`);
    } catch (error) {
      return warning(`${url} cannot be reached from here (${reasonOf(error)}): is the provider running?`);
    }
  },
  administrator: async ({ app }: DiagnosticContext) => {
    const admin = await app.get(UsersService).findAdmin();
    if (!admin) return failure(text('diagnostic.administrator.none'));
    return admin.hasPassword
      ? ok(`${admin.username} can log in`)
      : warning(text('diagnostic.administrator.noPassword', { username: admin.username }));
  },
  keys: async ({ app, settings, now }: DiagnosticContext) => {
    // Listing decrypts the keys: it fails if the secret key is not the one that sealed them.
    const keys = await app.get(KeysService).list();
    const missing = keyKindNames.filter((kind) => !keys.some((key) => key.kind === kind));
    if (missing.length > 0) return failure(text('diagnostic.keys.missing', { kinds: missing.join(', ') }));
    // No prepublication: a key is too old only once its successor should already sign.
    const lifetime = { signSeconds: settings.keySignSeconds, prepublishSeconds: 0 };
    const old = keyKindNames.filter((kind) =>
      needsSuccessor(
        keys.filter((key) => key.kind === kind),
        lifetime,
        now,
      ),
    );
    return old.length === 0
      ? ok(`${keys.length} keys open with the secret key`)
      : warning(text('diagnostic.keys.old', { kinds: old.join(', ') }));
  },
  'secret key': async ({ settings }: DiagnosticContext) => {
    const file = keyFileOf(settings);
    if (settings.secretKeys !== undefined || file === undefined) return ok('it is set in the settings');
    const { mode } = await stat(file);
    return (mode & 0o077) === 0
      ? ok(`${file} is only readable by its owner; include it in backups`)
      : failure(text('diagnostic.secretKey.readable', { file }));
  },
  'database files': async ({ settings }: DiagnosticContext) => {
    const address = parseDatabaseUrl(settings.databaseUrl);
    if (address.kind !== 'sqlite') return ok('the database is not a file');
    const open = await worldReadableFiles(address.path);
    return open.length === 0
      ? ok(`${address.path} and its copies are not readable by every user of this computer`)
      : failure(`every user of this computer can read ${firstOf(open)}: chmod 600`);
  },
  durability: async ({ app, settings }: DiagnosticContext) => {
    const address = parseDatabaseUrl(settings.databaseUrl, settings.dataDir);
    if (address.kind === 'postgres' && address.durability === 'unchecked')
      return warning('the database URL has durability=unchecked: a power failure may lose commits that were reported');
    await app.get(Store).checkDurable();
    return ok('a commit is on disk before it is reported');
  },
  disk: async ({ settings }: DiagnosticContext) => {
    const file = keyFileOf(settings);
    const folder = file === undefined ? settings.dataDir : dirname(file);
    const { bavail, bsize } = await statfs(folder);
    const free = bavail * bsize;
    const shown = Math.floor(free / 1024 / 1024);
    return free < minFreeBytes
      ? failure(text('diagnostic.disk.full', { free: shown, folder }))
      : ok(`${shown} MiB are free at ${folder}`);
  },
  mail: async ({ app, settings }: DiagnosticContext) => {
    const { waiting, failed } = await mailBacklog(app.get(Outbox));
    const queue = `${waiting} messages wait, ${failed} were given up`;
    if (settings.smtpUrl === undefined)
      return warning(`there is no GATEHOUSE_SMTP_URL: mail is written to a folder and not sent (${queue})`);
    const { hostname, port, protocol } = new URL(settings.smtpUrl);
    const problem = await connectProblem(hostname, Number(port) || (protocol === 'smtps:' ? 465 : 587));
    if (problem !== undefined) return failure(`the mail server cannot be reached (${problem})`);
    return failed > 0 ? warning(`${queue}: outbox list --failed says why`) : ok(queue);
  },
  'mail queue': async ({ app }: DiagnosticContext) => {
    const { waiting, failed, oldest } = await mailBacklog(app.get(Outbox));
    if (failed === 0) return ok(`${waiting} messages wait`);
    return warning(
      oldest === undefined
        ? text('diagnostic.mailQueue.failed', { waiting, failed })
        : text('diagnostic.mailQueue.failedSince', { waiting, failed, since: new Date(oldest * 1000).toISOString() }),
    );
  },
  'e-mail addresses': async ({ app }: DiagnosticContext) => {
    const { count, usernames } = await app.get(UndeliverableAddressesService).find();
    return count === 0
      ? ok('mail can be sent to every stored address')
      : warning(
          `no mail, including security notices, is sent to the invalid addresses of ${count} accounts: ${firstOf(usernames)}. For each: user update --username U --email E`,
        );
  },
  'back-channel logout': async ({ app, now }: DiagnosticContext) => {
    const { waiting, failed } = await app.get(Outbox).backlogOf(logoutKinds);
    const queue = `${waiting} logouts wait, ${failed} were given up`;
    const failing = await failingClients(app, now);
    return failing.length === 0 && failed === 0
      ? ok(queue)
      : warning(
          `${queue}${failing.length === 0 ? '' : `. Not reached: ${firstOf(failing)}`}. The page of each client says more; outbox retry --failed sends them again`,
        );
  },
  'security profile': async ({ app, settings }: DiagnosticContext) => {
    if (settings.securityProfile === 'none') return ok('no server-wide security profile is set');
    const { checked, found } = await findClients(
      app.get(ClientsService),
      (client) => profileProblems(client, profileFor(client, settings.securityProfile)).length > 0,
    );
    return found.length === 0
      ? ok(`${checked} clients meet ${settings.securityProfile}`)
      : failure(
          `${found.length} of ${checked} clients do not meet ${settings.securityProfile} and are refused: ${firstIds(found)}`,
        );
  },
  'owned administration': async ({ app }: DiagnosticContext) => {
    const { found } = await findClients(
      app.get(ClientsService),
      ({ ownerId, scope }) => ownerId !== undefined && scope.some(isAdministrationScope),
    );
    return found.length === 0
      ? ok('no client that a developer owns has a gatehouse scope')
      : failure(
          `${found.length} clients have an owner and a gatehouse scope, which is not granted to them: ${firstIds(found)}. For each: client update --id ID --owner '', then client rotate-secret --id ID --overlap 0, since its owner may know the secret; or name its scopes without gatehouse: in client update --id ID --scope S…`,
        );
  },
  'service accounts': async ({ app }: DiagnosticContext) => {
    const { found } = await findClients(
      app.get(ClientsService),
      ({ ownerId, serviceAccount, grantTypes }) =>
        ownerId !== undefined && serviceAccount && grantTypes.includes('client_credentials'),
    );
    return found.length === 0
      ? ok('no client that a developer owns is a service account at every API')
      : warning(
          `${found.length} clients that developers own are service accounts at every API, within the scopes of the client: ${firstIds(found)}. If that is not intended: client update --id ID --no-service-account`,
        );
  },
  forms: async ({ app, now }: DiagnosticContext) => {
    const counts = await app.get(RejectedForms).counts(now);
    if (counts.length === 0) return ok('no form was rejected for its origin in the last week');
    return warning(
      `forms rejected for their origin in the last week: ${counts.map(({ reason, count }) => `${count} ${originRejections[reason]}`).join('; ')}`,
    );
  },
  'user search': async ({ app }: DiagnosticContext) =>
    (await app.get(UserTextSearch).hasIndex())
      ? ok('it uses an index')
      : warning(
          'it reads every account: the role of the provider is not allowed to create the extension pg_trgm. The owner of the database must run: CREATE EXTENSION IF NOT EXISTS pg_trgm; CREATE INDEX CONCURRENTLY user_search_trigrams ON user_search USING gin (text gin_trgm_ops);',
        ),
  'audit log': async ({ app }: DiagnosticContext) => {
    const { problem, events, unsealed } = await app.get(AuditChain).verify();
    return problem === undefined
      ? ok(`${events} events are unchanged, ${unsealed} are not sealed yet`)
      : failure(problem);
  },
} satisfies Readonly<Record<string, DiagnosticCheck>>;

export type DiagnosticCheckName = keyof typeof diagnosticChecks;
export const checkNames = Object.keys(diagnosticChecks) as readonly DiagnosticCheckName[];

/** Runs one check; a check that throws is itself an error. */
export async function runCheck(name: DiagnosticCheckName, context: DiagnosticContext): Promise<Finding> {
  try {
    const check: DiagnosticCheck = diagnosticChecks[name];
    return await check(context);
  } catch (error) {
    return failure(reasonOf(error));
  }
}

/** Without logouts, which have a separate check. */
function mailBacklog(outbox: Outbox): Promise<Backlog> {
  const names = outbox.registeredKinds().map(({ name }) => name);
  return outbox.backlogOf(names.filter((name) => !logoutKinds.some((kind) => kind === name)));
}

/** Clients whose logouts cannot be delivered to their current URL. */
async function failingClients(app: DiagnosticContext['app'], now: EpochSeconds): Promise<string[]> {
  const found: string[] = [];
  for (const { clientId, uri, host, reason, failures, lastFailedAt } of await app.get(LogoutFailures).list(100, now)) {
    if ((await app.get(ClientsService).find(clientId))?.backchannelLogoutUri !== uri) continue;
    const at = new Date(lastFailedAt * 1000).toISOString();
    found.push(`${clientId} at ${host} (${reason}; ${failures} failed, the last at ${at})`);
  }
  return found;
}

/** The clients that match a condition; at most {@link maxClientsChecked} are checked, by name. */
async function findClients(
  service: ClientsService,
  matches: (client: Client) => boolean,
): Promise<{ readonly checked: number; readonly found: readonly Client[] }> {
  const found: Client[] = [];
  let after: Cursor | undefined;
  let checked = 0;
  do {
    const { clients, next } = await service.list({ after, limit: clientsPerPage });
    found.push(...clients.filter(matches));
    checked += clients.length;
    after = next;
  } while (after !== undefined && checked < maxClientsChecked);
  return { checked, found };
}

function firstIds(clients: readonly Client[]): string {
  return firstOf(clients.map(({ id }) => id));
}

function firstOf(names: readonly string[]): string {
  return names.slice(0, 10).join(', ');
}

/** The database, its logs and the copies next to it: earlier versions made the copies world-readable. */
async function worldReadableFiles(path: string): Promise<string[]> {
  // Windows has no such permission bits: Node reports the same mode for every file.
  if (process.platform === 'win32') return [];
  const folder = dirname(path);
  const names = (await readdir(folder)).filter((name) => name.startsWith(basename(path)));
  const found: string[] = [];
  for (const name of names.sort()) {
    const file = await stat(join(folder, name)).catch(() => undefined);
    if (file?.isFile() === true && (file.mode & 0o007) !== 0) found.push(join(folder, name));
  }
  return found;
}

/** Connects to a TCP port. @returns the problem; undefined when something listens there */
function connectProblem(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: host.replace(/^\[|\]$/g, ''), port, timeout: connectMilliseconds });
    const done = (problem?: string): void => {
      socket.destroy();
      resolve(problem);
    };
    socket.once('connect', () => done());
    socket.once('timeout', () => done('timeout'));
    socket.once('error', (error) => done(reasonOf(error)));
  });
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error ? `${error.message}: ${cause.message}` : error.message;
}
