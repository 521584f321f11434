import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { INestApplication, Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Clock, ManualClock, SystemClock } from '@gatehouse/platform/clock';
import { openStore, type OpenStore } from '@gatehouse/platform/database/open-store';
import type { Client, ClientDraft } from '@gatehouse/domain/oauth';
import type { Profile } from '@gatehouse/domain/oidc';
import { Outbound } from '@gatehouse/platform/outbound/guarded-fetch';
import type { Log } from '@gatehouse/platform/telemetry/log';
import { freePort } from '../../../../scripts/lib/free-port.cjs';
import { completeApp, prepareApp, type ApplicationOptions } from '../../src/server/application';
import { AuditService } from '../../src/audit/audit.service';
import { loadSettings } from '../../src/config/settings';
import { entities, migrations } from '../../src/schema';
import { MailRoute } from '../../src/mail/mail-route';
import { FirstStart } from '../../src/jobs/first-start.service';
import type { Operation } from '../../src/operations/operation';
import { Operations } from '../../src/operations/operations';
import { OutboxWorker } from '../../src/outbox/outbox-worker';
import { PasswordHasher } from '../../src/users/credentials/password-hasher';
import { UsersService } from '../../src/users/users.service';
import type { User } from '../../src/users/user';
import { Browser, send, type Answer } from './browser';
import { writeCertificate } from './certificate';
import { makeClient } from './client-changes';
import { copySqliteTemplate } from './database-template';
import { LogScan } from './log-scan';
import { Mailbox } from './mailbox';
import { reuseRsaKeys } from './rsa-keys';

reuseRsaKeys();

export interface TestProvider {
  readonly issuer: string;
  /** Where it listens: the issuer, unless the settings name another one. */
  readonly base: string;
  readonly host: string;
  readonly app: INestApplication;
  readonly store: OpenStore;
  readonly clock: ManualClock;
  /** What was sent, where no SMTP server is set. */
  readonly mailbox: Mailbox;
  readonly adminLink: string | undefined;
  /** The log, and the secrets that it may not hold: whatever a test does, closing the provider looks for them there. */
  readonly scan: LogScan;
  /** GATEHOUSE_SECRET_KEY: a second process on the same database needs the same. */
  readonly secretKey: string;
  readonly databaseUrl: string;
  addUser(
    user?: Partial<{
      username: string;
      password: string;
      roles: string[];
      email: string;
      emailVerified: boolean;
      name: string;
      profile: Profile;
    }>,
  ): Promise<User & { password: string }>;
  /** Runs an operation as the server itself. */
  execute<Input, Result, Prepared>(type: Type<Operation<Input, Result, Prepared>>, input: Input): Promise<Result>;
  addClient(client?: Partial<ClientDraft>): Promise<{ client: Client; secret: string }>;
  /** A browser in which this person is logged in. */
  logIn(user: { username: string; password: string }, browser?: Browser): Promise<Browser>;
  close(): Promise<void>;
}

export interface ProviderOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly databaseUrl?: string;
  readonly log?: Log;
  readonly clock?: ManualClock;
  /** True: serves https at localhost itself, with a certificate that nobody signed. */
  readonly tls?: boolean;
  /** Mail goes where the settings say even without an SMTP server: to a folder. */
  readonly mail?: 'folder';
  /** False: Express' router dispatches every request. */
  readonly dispatchDirectly?: boolean;
}

/** Starts the provider as main does, on SQLite in a folder of its own, with a clock that the test turns. */
export async function startProvider(options: ProviderOptions = {}): Promise<TestProvider> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-test-'));
  const port = await freePort();
  const secretKey = options.env?.['GATEHOUSE_SECRET_KEY'] ?? randomBytes(32).toString('base64url');
  const settings = loadSettings({
    GATEHOUSE_PORT: String(port),
    GATEHOUSE_ISSUER: `http://127.0.0.1:${port}`,
    GATEHOUSE_DATABASE_URL: options.databaseUrl ?? `sqlite:${join(folder, 'provider.sqlite')}`,
    GATEHOUSE_DATA_DIR: folder,
    GATEHOUSE_LOG_LEVEL: 'silent',
    GATEHOUSE_SECRET_KEY: secretKey,
    ...(options.tls === true ? tlsSettings(folder, port) : {}),
    ...options.env,
  });
  const clock = options.clock ?? new ManualClock();
  const scan = new LogScan();
  const mailbox = new Mailbox();
  // A database of its own needs no migrations; specs of migrations bring theirs.
  if (options.databaseUrl === undefined && options.env?.['GATEHOUSE_DATABASE_URL'] === undefined)
    await copySqliteTemplate(join(folder, 'provider.sqlite'));
  const store = await openStore({ url: settings.databaseUrl, entities, migrations, migrate: 'auto' });
  const app = await buildApp(
    {
      settings,
      store,
      clock: new SystemClock(),
      log: options.log ?? scan.log,
      dispatchDirectly: options.dispatchDirectly ?? process.env['GATEHOUSE_TEST_ROUTER'] !== '1',
    },
    { clock, ...(settings.smtpUrl === undefined && options.mail === undefined ? { mailbox } : {}) },
  );
  await app.init();
  const firstStart = app.get(FirstStart);
  await firstStart.prepareKeys();
  const adminLink = (await firstStart.prepareAdmin())?.link;
  const server = app.getHttpServer() as Server;
  scan.watch(server);
  const { issuer } = settings;
  server.listen(settings.port, '127.0.0.1');
  await once(server, 'listening');
  app.get(OutboxWorker).start();
  // A page that is opened by another loopback name than the issuer's redirects.
  const isLocalhost = new URL(issuer).hostname === 'localhost' && new URL(issuer).port === String(settings.port);
  const base = options.tls === true || isLocalhost ? issuer : `http://127.0.0.1:${settings.port}`;
  let users = 0;

  const provider: TestProvider = {
    issuer,
    base,
    host: new URL(base).hostname,
    app,
    store,
    clock,
    mailbox,
    adminLink,
    scan,
    secretKey,
    databaseUrl: settings.databaseUrl,
    execute: (type, input) => app.get(Operations).execute(type, { kind: 'system', now: clock.now() }, input),
    addUser: async (user = {}) => {
      const password = user.password ?? 'correct horse battery staple';
      const passwordHash = await app.get(PasswordHasher).hash(password);
      const username = user.username ?? `person-${++users}`;
      const made = await store.run(async (unit) => {
        const draft = { roles: ['user'], ...user, username, passwordHash };
        const outcome = await app.get(UsersService).create(unit, draft, clock.now());
        if ('user' in outcome)
          await app.get(AuditService).record(unit, { type: 'user.created', subjectId: outcome.user.id });
        return outcome;
      });
      if ('problems' in made) throw new Error(JSON.stringify(made.problems));
      return { ...made.user, password };
    },
    addClient: async (client = {}) => {
      const draft: ClientDraft = {
        name: 'Test client',
        type: 'confidential',
        authMethod: 'client_secret_basic',
        redirectUris: ['https://client.test/callback'],
        postLogoutRedirectUris: [],
        grantTypes: ['authorization_code', 'refresh_token'],
        scope: ['openid', 'profile', 'email', 'offline_access'],
        ...client,
      };
      const { client: made, secret } = await makeClient({ app, store, clock }, draft);
      return { client: made, secret: secret ?? '' };
    },
    logIn: async (user, browser = new Browser()) => {
      await browser.open(`${base}/login`);
      const answer = await browser.submit(
        { username: user.username, password: user.password },
        { headers: { Origin: new URL(issuer).origin } },
      );
      if (answer.status !== 200 || !browser.address.endsWith('/home'))
        throw new Error(`the login failed: ${answer.status} at ${browser.address}`);
      return browser;
    },
    close: async () => {
      await app.close();
      await store.close();
      rmSync(folder, { recursive: true, force: true });
      const leaks = scan.leaks();
      if (leaks.length > 0) throw new Error(`secrets stand in the log:\n${leaks.join('\n')}`);
    },
  };
  return provider;
}

/** The provider as main builds it, but for the clock, the mail, and a resolver that asks no name server. */
async function buildApp(
  outside: ApplicationOptions,
  { clock, mailbox }: { readonly clock: ManualClock; readonly mailbox?: Mailbox },
): Promise<INestApplication> {
  const prepared = await prepareApp(outside);
  const { module, adapter, options } = prepared;
  const testing = Test.createTestingModule({ imports: [module] })
    .overrideProvider(Clock)
    .useValue(clock)
    .overrideProvider(Outbound)
    .useValue(
      new Outbound({ allow: outside.settings.outboundAllow, userAgent: 'Gatehouse', resolve: resolveLoopback }),
    );
  if (mailbox) testing.overrideProvider(MailRoute).useValue(mailbox);
  const built = await testing.compile();
  return completeApp(built.createNestApplication(adapter, options));
}

const loopback = [{ address: '127.0.0.1', family: 4 }];

/** RFC 6761 6.3: localhost and the names below it are this machine. */
async function resolveLoopback(hostname: string): Promise<typeof loopback> {
  if (hostname === 'localhost' || hostname.endsWith('.localhost')) return loopback;
  throw Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: 'ENOTFOUND' });
}

function tlsSettings(folder: string, port: number): Record<string, string> {
  const { cert, key } = writeCertificate(folder);
  return {
    GATEHOUSE_ISSUER: `https://localhost:${port}`,
    GATEHOUSE_TLS_CERT: cert,
    GATEHOUSE_TLS_KEY: key,
  };
}

export interface Pkce {
  readonly verifier: string;
  readonly challenge: string;
}

export function pkce(): Pkce {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

export function authorizeUrl(provider: TestProvider, parameters: Readonly<Record<string, string | undefined>>): string {
  const defined = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return `${provider.base}/oauth/authorize?${new URLSearchParams(defined).toString()}`;
}

/** A request with the usual parameters, and the proof that goes with it. */
export function authorizationRequest(
  client: Client,
  overrides: Readonly<Record<string, string | undefined>> = {},
): { parameters: Record<string, string | undefined>; proof: Pkce } {
  const proof = pkce();
  return {
    proof,
    parameters: {
      response_type: 'code',
      client_id: client.id,
      redirect_uri: client.redirectUris[0],
      scope: 'openid',
      state: 'some-state',
      nonce: 'some-nonce',
      code_challenge: proof.challenge,
      code_challenge_method: 'S256',
      ...overrides,
    },
  };
}

/** Parameters of the answer in a redirect to the client. */
export function answerOf(answer: Answer): URLSearchParams {
  if (answer.location === undefined) throw new Error(`no redirect but ${answer.status}: ${answer.text.slice(0, 500)}`);
  return new URL(answer.location).searchParams;
}

/** Runs the whole way of a logged-in person, consent included, to the code. */
export async function authorize(
  provider: TestProvider,
  browser: Browser,
  client: Client,
  overrides: Readonly<Record<string, string | undefined>> = {},
): Promise<{ code: string; verifier: string }> {
  const { parameters, proof } = authorizationRequest(client, overrides);
  let answer = await browser.open(authorizeUrl(provider, parameters));
  if (answer.status === 200)
    answer = await browser.submit({ confirm: 'yes' }, { headers: { Origin: new URL(provider.issuer).origin } });
  const code = answerOf(answer).get('code');
  if (code === null) throw new Error(`no code but ${answer.location}`);
  return { code, verifier: proof.verifier };
}

export function basic(client: Client, secret: string): string {
  return `Basic ${Buffer.from(`${encodeURIComponent(client.id)}:${encodeURIComponent(secret)}`).toString('base64')}`;
}

/** POSTs a form to an endpoint that clients call. */
export function post(
  url: string,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return send(url, {
    method: 'POST',
    body: new URLSearchParams(fields).toString(),
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers },
  });
}

/** Redeems a code as a confidential client by client_secret_basic. */
export function redeem(
  provider: TestProvider,
  registered: { client: Client; secret: string },
  code: string,
  verifier: string,
  overrides: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return post(
    `${provider.base}/oauth/token`,
    {
      grant_type: 'authorization_code',
      code,
      redirect_uri: registered.client.redirectUris[0] ?? '',
      code_verifier: verifier,
      ...overrides,
    },
    { Authorization: basic(registered.client, registered.secret) },
  );
}
