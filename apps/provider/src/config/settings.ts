import { dirname, join } from 'node:path';
import { isLoopbackHost, parseHostRules, securityProfileNames } from '@gatehouse/domain/oauth';
import * as field from '@gatehouse/platform/settings/setting-fields';
import { clientSettingNames } from '@gatehouse/platform/settings/setting-names';
import {
  defineSettings,
  parseSettings,
  type Environment,
  type Report,
  type SettingsOf,
} from '@gatehouse/platform/settings/settings';
import { hstsScopes } from '@gatehouse/platform/http/security-headers';

const HOUR = 3600;
const DAY = 24 * HOUR;

/** All settings of the provider, in the order of the table in the documentation. */
export const settingsDefinition = defineSettings({
  issuer: field.origin('GATEHOUSE_ISSUER', {
    about: 'The origin at which users and clients reach the provider; links, cookies and tokens are based on it.',
    defaultText: '`http://localhost:$GATEHOUSE_PORT`',
  }),
  host: field.text('GATEHOUSE_HOST', {
    about: 'The address to listen on; `localhost` listens on 127.0.0.1 and ::1.',
    defaultText: "a loopback issuer's host, else every address",
  }),
  port: field.port('GATEHOUSE_PORT', { about: 'The port to listen on.', defaultText: "the issuer's, else `5000`" }),
  insecureHttp: field.flag('GATEHOUSE_INSECURE_HTTP', {
    about: 'Allows an http issuer that is not on this machine: passwords and tokens are sent unencrypted.',
    default: false,
  }),
  tlsCertPath: field.text('GATEHOUSE_TLS_CERT', {
    about: 'Certificate chain (PEM file): serve https without a proxy.',
  }),
  tlsKeyPath: field.text('GATEHOUSE_TLS_KEY', { about: 'Private key of the certificate (PEM file).' }),
  hsts: field.choice('GATEHOUSE_HSTS', {
    about:
      'What the `Strict-Transport-Security` header of an https issuer covers: this host, also its subdomains, or also the preload lists of browsers (not easily undone).',
    among: hstsScopes,
    default: 'host',
  }),
  trustedProxies: field.addresses('GATEHOUSE_TRUSTED_PROXIES', {
    about: 'Proxies whose `X-Forwarded-For` header is trusted.',
  }),

  databaseUrl: field.secretUrl('GATEHOUSE_DATABASE_URL', {
    about:
      'The database. For PostgreSQL with standbys, `postgres://user:password@host1,host2:5433/database`: the host that accepts writes is used (`target_session_attrs=read-write`). `durability=unchecked` accepts a server with `fsync=off` or `synchronous_commit=off`; `pooler=transaction` is for PgBouncer in transaction mode.',
    schemes: ['sqlite:', 'postgres://', 'postgresql://'],
    defaultText: '`sqlite:$GATEHOUSE_DATA_DIR/provider.sqlite`',
  }),
  migrate: field.choice('GATEHOUSE_MIGRATE', {
    about: 'Whether the server migrates the database when it starts.',
    among: ['auto', 'off'],
    default: 'auto',
  }),
  databaseConnections: field.integer('GATEHOUSE_DATABASE_CONNECTIONS', {
    about: 'Maximum PostgreSQL connections per process, half of them for reading; one more listens for changes.',
    min: 2,
    max: 1000,
    default: 16,
  }),
  dataDir: field.text('GATEHOUSE_DATA_DIR', { about: 'Folder of the embedded database and its key.', default: 'data' }),
  workers: field.integer('GATEHOUSE_WORKERS', {
    about: 'Processes that share the port.',
    min: 1,
    max: 256,
    default: 1,
  }),
  secretKeys: field.secretKeys('GATEHOUSE_SECRET_KEY', {
    about: 'Encrypts stored secrets, such as private keys and saved forms. The first key encrypts, all keys decrypt.',
    defaultText: 'SQLite: generated next to the database; PostgreSQL: required',
  }),

  adminUsername: field.text('GATEHOUSE_ADMIN_USERNAME', {
    about: 'The first administrator; read only while there is none.',
    default: 'admin',
    maxLength: 100,
  }),
  adminPassword: field.secretText('GATEHOUSE_ADMIN_PASSWORD', {
    about: "The first administrator's password; without it the first start prints a one-time link.",
  }),
  // NIST SP 800-63B-4 3.1.1.2: at least 15 characters for a single factor; at least 64 must be accepted
  passwordMinimum: field.integer('GATEHOUSE_PASSWORD_MINIMUM', {
    about: 'Minimum length of a new password, in characters; 8 are enough for an account with a second factor.',
    min: 8,
    max: 64,
    default: 15,
  }),
  signUp: field.choice('GATEHOUSE_SIGN_UP', {
    about: 'Who may create an account; `invitation`: users with an invitation link from an administrator.',
    among: ['off', 'open', 'invitation'],
    default: 'off',
  }),
  smtpUrl: field.secretUrl('GATEHOUSE_SMTP_URL', {
    about: 'The server that sends mail; without it mail is written to the folder `mail` under `GATEHOUSE_DATA_DIR`.',
    schemes: ['smtp://', 'smtps://'],
  }),
  productName: field.text('GATEHOUSE_PRODUCT_NAME', {
    about: 'The name of this server on its pages, in mail and in authenticator apps.',
    default: 'Gatehouse',
    maxLength: 60,
  }),
  logoPath: field.text('GATEHOUSE_LOGO', {
    about: 'The logo: a square SVG or PNG file of at most 200 kB; read at startup.',
  }),
  accent: field.colour('GATEHOUSE_ACCENT', {
    about: 'The color of buttons and links; dark mode uses a lighter shade of it.',
  }),
  language: field.text('GATEHOUSE_LANGUAGE', {
    about: 'The default language of pages and mail: `en`, `de`, or one with a file in `GATEHOUSE_TEXTS`.',
    default: 'en',
    maxLength: 35,
  }),
  textsFolder: field.text('GATEHOUSE_TEXTS', {
    about: 'A folder with translations of user pages: `fr.json` adds French, `en.json` replaces built-in texts.',
  }),
  mailFrom: field.text('GATEHOUSE_MAIL_FROM', {
    about: 'The sender address of mail.',
    defaultText: "`no-reply@` and the issuer's host",
    maxLength: 254,
  }),

  registration: field.choice('GATEHOUSE_REGISTRATION', {
    about: 'Who may register a client dynamically (RFC 7591): nobody, holders of an initial access token, anyone.',
    among: ['off', 'token', 'open'],
    default: 'token',
  }),
  initialAccessToken: field.secretText('GATEHOUSE_INITIAL_ACCESS_TOKEN', {
    about: 'An initial access token for registration.',
    minBytes: 32,
  }),
  clientMetadataDocuments: field.choice('GATEHOUSE_CLIENT_METADATA_DOCUMENTS', {
    about: 'Whether a `client_id` may be the URL of a metadata document: never, at listed hosts, always.',
    among: ['off', 'allow-list', 'open'],
    default: 'off',
  }),
  clientMetadataHosts: field.text('GATEHOUSE_CLIENT_METADATA_HOSTS', {
    about: 'Hosts of such documents, separated by commas: `app.example`, `*.app.example`; prefix `!` blocks a host.',
    default: '',
    maxLength: 10_000,
  }),
  outboundAllow: field.addresses('GATEHOUSE_OUTBOUND_ALLOW', {
    about: 'Non-public networks that outgoing requests of the server may reach.',
  }),
  pkce: field.choice('GATEHOUSE_PKCE', {
    about: '`public`: confidential clients that were created without PKCE need not send a challenge.',
    among: ['required', 'public'],
    default: 'required',
  }),

  securityProfile: field.choice('GATEHOUSE_SECURITY_PROFILE', {
    about: 'The minimum security profile of every client: `fapi-2-security` or `fapi-2-message-signing` (FAPI 2.0).',
    among: securityProfileNames,
    default: 'none',
  }),

  requirePar: field.flag('GATEHOUSE_REQUIRE_PAR', {
    about: 'Every client must push its authorization requests (PAR), not only those that are registered with it.',
    default: false,
  }),

  dpopNonce: field.flag('GATEHOUSE_DPOP_NONCE', {
    about:
      'DPoP proofs must contain a nonce of this server (RFC 9449 8), so that they cannot be created in advance; costs clients one more request.',
    default: false,
  }),

  throttle: field.flag('GATEHOUSE_THROTTLE', { about: 'Limits failed logins and registrations.', default: true }),
  loginFailures: field.rate('GATEHOUSE_LOGIN_FAILURES', {
    about: 'Failed logins of one account, or from one address to one account, before further attempts are rejected.',
    default: { count: 10, seconds: 900 },
  }),
  registrationRate: field.rate('GATEHOUSE_REGISTRATION_RATE', {
    about: 'Maximum number of clients registered from one address, and for one redirect host.',
    default: { count: 100, seconds: HOUR },
  }),
  registrationQuota: field.integer('GATEHOUSE_REGISTRATION_QUOTA', {
    about: 'Maximum number of unapproved registered clients per address.',
    min: 1,
    max: 1_000_000,
    default: 1000,
  }),
  registrationUnusedLifetimeSeconds: field.seconds('GATEHOUSE_REGISTRATION_UNUSED_LIFETIME', {
    about:
      'An unapproved registered client is deleted when it has been neither used nor changed for this long, unless an administrator disabled or restricted it.',
    default: 7 * DAY,
  }),
  pendingPerBrowser: field.integer('GATEHOUSE_PENDING_PER_BROWSER', {
    about: 'Maximum number of unfinished logins per browser.',
    min: 1,
    max: 1000,
    default: 50,
  }),

  // RFC 6749 4.1.2: a code is valid for at most ten minutes
  codeLifetimeSeconds: field.seconds('GATEHOUSE_CODE_LIFETIME', {
    about: 'Authorization code.',
    default: 60,
    max: 600,
  }),
  deviceCodeLifetimeSeconds: field.seconds('GATEHOUSE_DEVICE_CODE_LIFETIME', {
    about: 'The device code and the user code.',
    default: 600,
    max: DAY,
  }),
  requestLifetimeSeconds: field.seconds('GATEHOUSE_REQUEST_LIFETIME', {
    about: 'An unfinished login: how long a user may pause and still return to the application.',
    default: 3 * DAY,
  }),
  // RFC 9126 2.2: between 5 and 600 seconds
  pushedRequestLifetimeSeconds: field.seconds('GATEHOUSE_PUSHED_REQUEST_LIFETIME', {
    about: 'A pushed authorization request (PAR): how soon the browser must present its `request_uri`.',
    default: 60,
    max: 600,
  }),
  accessTokenLifetimeSeconds: field.seconds('GATEHOUSE_ACCESS_TOKEN_LIFETIME', {
    about: 'Access token.',
    default: HOUR,
  }),
  idTokenLifetimeSeconds: field.seconds('GATEHOUSE_ID_TOKEN_LIFETIME', { about: 'ID token.', default: HOUR }),
  refreshTokenLifetimeSeconds: field.seconds('GATEHOUSE_REFRESH_TOKEN_LIFETIME', {
    about: 'Refresh token, counted from its last use.',
    default: 30 * DAY,
  }),
  refreshTokenAbsoluteLifetimeSeconds: field.seconds('GATEHOUSE_REFRESH_TOKEN_ABSOLUTE_LIFETIME', {
    about: 'Refresh tokens of one sign-in, regardless of use.',
    default: 365 * DAY,
  }),
  sessionLifetimeSeconds: field.seconds('GATEHOUSE_SESSION_LIFETIME', {
    about: "A browser's login, regardless of use.",
    default: 30 * DAY,
  }),
  sessionIdleLifetimeSeconds: field.seconds('GATEHOUSE_SESSION_IDLE_LIFETIME', {
    about: "A browser's login without use.",
    default: 7 * DAY,
  }),
  trustedBrowserLifetimeSeconds: field.seconds('GATEHOUSE_TRUSTED_BROWSER_LIFETIME', {
    about: 'Maximum time that a trusted browser may skip the second factor; 0: never.',
    default: 30 * DAY,
    min: 0,
  }),
  resetLinkLifetimeSeconds: field.seconds('GATEHOUSE_RESET_LINK_LIFETIME', {
    about: 'A link that sets a password.',
    default: DAY,
  }),
  secretOverlapLifetimeSeconds: field.seconds('GATEHOUSE_SECRET_OVERLAP_LIFETIME', {
    about: "A client's old secret after a rotation.",
    default: DAY,
  }),
  refreshRetryWindowSeconds: field.seconds('GATEHOUSE_REFRESH_RETRY_WINDOW', {
    about: 'How long a repeated refresh returns the same response; 0: never.',
    default: 30,
    min: 0,
    max: HOUR,
  }),
  invitationLifetimeSeconds: field.seconds('GATEHOUSE_INVITATION_LIFETIME', {
    about: 'The link of an invitation.',
    default: 7 * DAY,
    max: 90 * DAY,
  }),
  auditRetentionSeconds: field.seconds('GATEHOUSE_AUDIT_RETENTION', {
    about: 'How long events stay in the audit log; 0: forever.',
    default: 400 * DAY,
    min: 0,
    max: 3650 * DAY,
  }),
  keyPrepublishSeconds: field.seconds('GATEHOUSE_KEY_PREPUBLISH_SECONDS', {
    about: 'A signing key is published for this long before it signs.',
    default: DAY,
  }),
  keySignSeconds: field.seconds('GATEHOUSE_KEY_SIGN_SECONDS', {
    about: 'A signing key signs for this long.',
    default: 90 * DAY,
  }),
  keyRetireSeconds: field.seconds('GATEHOUSE_KEY_RETIRE_SECONDS', {
    about: 'A signing key stays published for this long after its last signature.',
    default: 2 * DAY,
  }),

  logLevel: field.choice('GATEHOUSE_LOG_LEVEL', {
    about: 'The minimum level of log messages.',
    among: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    default: 'info',
  }),
  metricsHost: field.text('GATEHOUSE_METRICS_HOST', {
    about: 'The address on which the metrics endpoint listens; it requires no authentication.',
    default: '127.0.0.1',
    maxLength: 255,
  }),
  metricsPort: field.port('GATEHOUSE_METRICS_PORT', {
    about: 'The port of the metrics endpoint; default: disabled.',
  }),
});

type Parsed = SettingsOf<typeof settingsDefinition>;

/** PEM files for https. */
export interface TlsFiles {
  readonly certPath: string;
  readonly keyPath: string;
}

/** The settings of the provider: parsed once, frozen, injected as `SETTINGS`. */
export type Settings = Omit<
  Parsed,
  'issuer' | 'host' | 'port' | 'databaseUrl' | 'tlsCertPath' | 'tlsKeyPath' | 'insecureHttp'
> & {
  /** An origin, without path or trailing slash. */
  readonly issuer: string;
  /** `::` means every address. */
  readonly host: string;
  readonly port: number;
  readonly tls: TlsFiles | undefined;
  readonly databaseUrl: string;
};

/** @throws SettingsError that lists all problems */
export function loadSettings(environment: Environment): Settings {
  const parsed = parseSettings(settingsDefinition, environment, { alsoKnown: clientSettingNames, check });
  const { insecureHttp: _checked, tlsCertPath, tlsKeyPath, ...rest } = parsed;
  // A server that terminates TLS itself listens on the issuer's port, by default 443.
  const port = parsed.port ?? portOf(parsed.issuer) ?? (tlsCertPath === undefined ? 5000 : 443);
  const issuer = parsed.issuer ?? `http://localhost:${port}`;
  return Object.freeze({
    ...rest,
    issuer,
    port,
    host: parsed.host ?? hostOf(issuer),
    tls:
      tlsCertPath !== undefined && tlsKeyPath !== undefined
        ? { certPath: tlsCertPath, keyPath: tlsKeyPath }
        : undefined,
    databaseUrl: parsed.databaseUrl ?? `sqlite:${join(parsed.dataDir, 'provider.sqlite')}`,
  });
}

function check(values: Partial<Parsed>, report: Report): void {
  const { issuer, tlsCertPath, tlsKeyPath, databaseUrl, secretKeys } = values;
  if (issuer?.startsWith('http:') && !isLoopbackHost(new URL(issuer).hostname) && values.insecureHttp !== true) {
    report('GATEHOUSE_ISSUER', 'is http and not on this machine; use https (GATEHOUSE_INSECURE_HTTP=1 allows http)');
  }
  if ((tlsCertPath === undefined) !== (tlsKeyPath === undefined)) {
    report('GATEHOUSE_TLS_CERT', 'and GATEHOUSE_TLS_KEY must be set together or not at all');
  }
  if (tlsCertPath !== undefined && !(issuer ?? 'http:').startsWith('https:')) {
    report('GATEHOUSE_ISSUER', 'must be https if GATEHOUSE_TLS_CERT is set');
  }
  // Several machines share the key, so it cannot be a file on one of them.
  if (databaseUrl?.startsWith('postgres') && secretKeys === undefined) {
    report('GATEHOUSE_SECRET_KEY', 'is required with PostgreSQL (openssl rand -base64 32)');
  }
  if (values.productName !== undefined && /[\p{Cc}\p{Cf}"<>\\]/u.test(values.productName)) {
    report('GATEHOUSE_PRODUCT_NAME', 'contains a character that is not allowed');
  }
  if (values.logoPath !== undefined && !/\.(svg|png)$/.test(values.logoPath)) {
    report('GATEHOUSE_LOGO', 'must be an .svg or .png file');
  }
  if (values.mailFrom !== undefined && !/^[!-9;=?A-Z^-~]+@[A-Za-z0-9.-]+$/.test(values.mailFrom)) {
    report('GATEHOUSE_MAIL_FROM', 'is not an e-mail address such as no-reply@example.com');
  }
  if (values.clientMetadataHosts !== undefined && !parseHostRules(values.clientMetadataHosts)) {
    report('GATEHOUSE_CLIENT_METADATA_HOSTS', 'is not a list of host names (app.example, *.app.example, !bad.example)');
  }
  const { keyRetireSeconds = 1, accessTokenLifetimeSeconds = 0, idTokenLifetimeSeconds = 0 } = values;
  if (keyRetireSeconds < Math.max(accessTokenLifetimeSeconds, idTokenLifetimeSeconds)) {
    report('GATEHOUSE_KEY_RETIRE_SECONDS', 'is shorter than the lifetime of the tokens that it must verify');
  }
}

function portOf(issuer: string | undefined): number | undefined {
  const port = issuer === undefined ? '' : new URL(issuer).port;
  return port === '' ? undefined : Number(port);
}

function hostOf(issuer: string): string {
  const { hostname } = new URL(issuer);
  return isLoopbackHost(hostname) ? hostname.replace(/^\[|\]$/g, '') : '::';
}

/** False if mail is only written to a folder: then no page may claim that mail was sent. */
export function sendsMail(settings: Pick<Settings, 'smtpUrl'>): boolean {
  return settings.smtpUrl !== undefined;
}

/** The sender of mail. An IP address is not a mail domain: a provider on one is a trial installation. */
export function mailFromOf(settings: Pick<Settings, 'mailFrom' | 'issuer'>): string {
  const host = new URL(settings.issuer).hostname;
  return settings.mailFrom ?? `no-reply@${/^[\d.]+$|^\[/.test(host) ? 'localhost' : host}`;
}

/** The key file of an embedded database, if no key is set; undefined on PostgreSQL. */
export function keyFileOf(settings: Pick<Settings, 'databaseUrl' | 'dataDir'>): string | undefined {
  if (!settings.databaseUrl.startsWith('sqlite:')) return undefined;
  const path = settings.databaseUrl.slice('sqlite:'.length);
  const folder = path.startsWith(':memory:') ? settings.dataDir : dirname(path);
  return join(folder, 'provider.key');
}
