import { dirname, join } from 'node:path';
import { isLoopbackHost, parseHostRules, securityProfileNames } from '@gatehouse/domain/oauth';
import { AddressList } from '@gatehouse/platform/outbound/address-list';
import * as schema from '@gatehouse/platform/settings/setting-schemas';
import { clientSettingNames } from '@gatehouse/platform/settings/setting-names';
import {
  defineSettings,
  parseSettings,
  setting,
  type Environment,
  type Report,
  type SettingsOf,
  type SettingSources,
} from '@gatehouse/platform/settings/settings';
import type { EditableKey } from './editable-keys.js';
import { roles } from './roles.js';
import { hstsScopes } from '@gatehouse/platform/http/security-headers';

const HOUR = 3600;
const DAY = 24 * HOUR;

/** All settings of the provider, in the order of the table in the documentation. */
export const settingsDefinition = defineSettings({
  issuer: setting('GATEHOUSE_ISSUER', schema.origin().optional(), {
    about: 'The origin at which users and clients reach the provider; links, cookies and tokens are based on it.',
    defaultText: '`http://localhost:$GATEHOUSE_PORT`',
  }),
  host: setting('GATEHOUSE_HOST', schema.text().optional(), {
    about: 'The address to listen on; `localhost` listens on 127.0.0.1 and ::1.',
    defaultText: "a loopback issuer's host, else every address",
  }),
  port: setting('GATEHOUSE_PORT', schema.port().optional(), {
    about: 'The port to listen on.',
    defaultText: "the issuer's, else `5000`",
  }),
  insecureHttp: setting('GATEHOUSE_INSECURE_HTTP', schema.flag().default(false), {
    about: 'Allows an http issuer that is not on this machine: passwords and tokens are sent unencrypted.',
  }),
  tlsCertPath: setting('GATEHOUSE_TLS_CERT', schema.text().optional(), {
    about: 'Certificate chain (PEM file): serve https without a proxy.',
  }),
  tlsKeyPath: setting('GATEHOUSE_TLS_KEY', schema.text().optional(), {
    about: 'Private key of the certificate (PEM file).',
  }),
  hsts: setting('GATEHOUSE_HSTS', schema.choice(hstsScopes).default('host'), {
    about:
      'What the `Strict-Transport-Security` header of an https issuer covers: this host, also its subdomains, or also the preload lists of browsers (not easily undone).',
  }),
  trustedProxies: setting('GATEHOUSE_TRUSTED_PROXIES', schema.addresses().default(AddressList.empty), {
    about: 'Proxies whose `X-Forwarded-For` header is trusted.',
  }),

  databaseUrl: setting(
    'GATEHOUSE_DATABASE_URL',
    schema.secretUrl(['sqlite:', 'postgres://', 'postgresql://']).optional(),
    {
      about:
        'The database. For PostgreSQL with standbys, `postgres://user:password@host1,host2:5433/database`: the host that accepts writes is used (`target_session_attrs=read-write`). `durability=unchecked` accepts a server with `fsync=off` or `synchronous_commit=off`; `pooler=transaction` is for PgBouncer in transaction mode.',
      defaultText: '`sqlite:$GATEHOUSE_DATA_DIR/provider.sqlite`',
    },
  ),
  migrate: setting('GATEHOUSE_MIGRATE', schema.choice(['auto', 'off']).default('auto'), {
    about: 'Whether the server migrates the database when it starts.',
  }),
  databaseConnections: setting('GATEHOUSE_DATABASE_CONNECTIONS', schema.integer({ min: 2, max: 1000 }).default(16), {
    about: 'Maximum PostgreSQL connections per process, half of them for reading; one more listens for changes.',
  }),
  dataDir: setting('GATEHOUSE_DATA_DIR', schema.text().default('data'), {
    about: 'Folder of the embedded database and its key.',
  }),
  workers: setting('GATEHOUSE_WORKERS', schema.integer({ min: 1, max: 256 }).default(1), {
    about: 'Processes that share the port.',
  }),
  secretKeys: setting('GATEHOUSE_SECRET_KEY', schema.secretKeys().optional(), {
    about: 'Encrypts stored secrets, such as private keys and saved forms. The first key encrypts, all keys decrypt.',
    defaultText: 'SQLite: generated next to the database; PostgreSQL: required',
  }),

  adminUsername: setting('GATEHOUSE_ADMIN_USERNAME', schema.text({ maxLength: 100 }).default('admin'), {
    about: 'The first administrator; read only while there is none.',
  }),
  adminPassword: setting('GATEHOUSE_ADMIN_PASSWORD', schema.secretText().optional(), {
    about: "The first administrator's password; without it the first start prints a one-time link.",
  }),
  // NIST SP 800-63B-4 3.1.1.2: at least 15 characters for a single factor; at least 64 must be accepted
  passwordMinimum: setting('GATEHOUSE_PASSWORD_MINIMUM', schema.integer({ min: 8, max: 64 }).default(15), {
    about: 'Minimum length of a new password, in characters; 8 are enough for an account with a second factor.',
  }),
  signUp: setting('GATEHOUSE_SIGN_UP', schema.choice(['off', 'open', 'invitation']).default('off'), {
    about: 'Who may create an account; `invitation`: users with an invitation link from an administrator.',
  }),
  secondFactorRoles: setting('GATEHOUSE_SECOND_FACTOR_ROLES', schema.choices(roles).default([]), {
    about:
      'Users with one of these roles must have a second factor. Administrators can add roles, and not remove these.',
    defaultText: 'none',
  }),
  smtpUrl: setting('GATEHOUSE_SMTP_URL', schema.secretUrl(['smtp://', 'smtps://']).optional(), {
    about: 'The server that sends mail; without it mail is written to the folder `mail` under `GATEHOUSE_DATA_DIR`.',
  }),
  productName: setting(
    'GATEHOUSE_PRODUCT_NAME',
    schema
      .text({ maxLength: 60 })
      .refine((name) => !/[\p{Cc}\p{Cf}"<>\\]/u.test(name), 'contains a control character or one of " < > \\')
      .default('Gatehouse'),
    { about: 'The name of this server on its pages, in mail and in authenticator apps.' },
  ),
  logoPath: setting(
    'GATEHOUSE_LOGO',
    schema
      .text()
      .refine((path) => /\.(svg|png)$/.test(path), 'must be an .svg or .png file')
      .optional(),
    { about: 'The logo: a square SVG or PNG file of at most 200 kB; read at startup.' },
  ),
  accent: setting('GATEHOUSE_ACCENT', schema.color().optional(), {
    about: 'The color of buttons and links; dark mode uses a lighter shade of it.',
  }),
  background: setting('GATEHOUSE_BACKGROUND', schema.choice(['pattern', 'plain']).default('pattern'), {
    about: 'The background of the sign-in pages; `plain`: one color.',
  }),
  supportContact: setting('GATEHOUSE_SUPPORT_CONTACT', schema.contact().optional(), {
    about:
      'Where people get help: an address such as `mailto:help@example.com`, or a page. Linked from the sign-in pages.',
  }),
  termsUrl: setting('GATEHOUSE_TERMS_URL', schema.httpsUrl().optional(), {
    about: 'The terms of service. Linked from the sign-in pages.',
  }),
  privacyUrl: setting('GATEHOUSE_PRIVACY_URL', schema.httpsUrl().optional(), {
    about: 'The privacy policy. Linked from the sign-in pages.',
  }),
  language: setting('GATEHOUSE_LANGUAGE', schema.text({ maxLength: 35 }).default('en'), {
    about: 'The default language of pages and mail: `en`, `de`, or one with a file in `GATEHOUSE_TEXTS`.',
  }),
  textsFolder: setting('GATEHOUSE_TEXTS', schema.text().optional(), {
    about: 'A folder with translations of user pages: `fr.json` adds French, `en.json` replaces built-in texts.',
  }),
  mailFrom: setting(
    'GATEHOUSE_MAIL_FROM',
    schema
      .text({ maxLength: 254 })
      .refine(
        (address) => /^[!-9;=?A-Z^-~]+@[A-Za-z0-9.-]+$/.test(address),
        'is not an e-mail address such as no-reply@example.com',
      )
      .optional(),
    { about: 'The sender address of mail.', defaultText: "`no-reply@` and the issuer's host" },
  ),

  registration: setting('GATEHOUSE_REGISTRATION', schema.choice(['off', 'token', 'open']).default('token'), {
    about: 'Who may register a client dynamically (RFC 7591): nobody, holders of an initial access token, anyone.',
  }),
  initialAccessToken: setting('GATEHOUSE_INITIAL_ACCESS_TOKEN', schema.secretText({ minBytes: 32 }).optional(), {
    about: 'An initial access token for registration.',
  }),
  clientMetadataDocuments: setting(
    'GATEHOUSE_CLIENT_METADATA_DOCUMENTS',
    schema.choice(['off', 'allow-list', 'open']).default('off'),
    { about: 'Whether a `client_id` may be the URL of a metadata document: never, at listed hosts, always.' },
  ),
  clientMetadataHosts: setting(
    'GATEHOUSE_CLIENT_METADATA_HOSTS',
    schema
      .text({ maxLength: 10_000 })
      .refine(
        (hosts) => parseHostRules(hosts) !== undefined,
        'is not a list of host names (app.example, *.app.example, !bad.example)',
      )
      .default(''),
    {
      about: 'Hosts of such documents, separated by commas: `app.example`, `*.app.example`; prefix `!` blocks a host.',
    },
  ),
  outboundAllow: setting('GATEHOUSE_OUTBOUND_ALLOW', schema.addresses().default(AddressList.empty), {
    about: 'Non-public networks that outgoing requests of the server may reach.',
  }),
  pkce: setting('GATEHOUSE_PKCE', schema.choice(['required', 'public']).default('required'), {
    about: '`public`: confidential clients that were created without PKCE need not send a challenge.',
  }),

  securityProfile: setting('GATEHOUSE_SECURITY_PROFILE', schema.choice(securityProfileNames).default('none'), {
    about: 'The minimum security profile of every client: `fapi-2-security` or `fapi-2-message-signing` (FAPI 2.0).',
  }),

  requirePar: setting('GATEHOUSE_REQUIRE_PAR', schema.flag().default(false), {
    about: 'Every client must push its authorization requests (PAR), not only those that are registered with it.',
  }),

  dpopNonce: setting('GATEHOUSE_DPOP_NONCE', schema.flag().default(false), {
    about:
      'DPoP proofs must contain a nonce of this server (RFC 9449 8), so that they cannot be created in advance; costs clients one more request.',
  }),

  throttle: setting('GATEHOUSE_THROTTLE', schema.flag().default(true), {
    about: 'Limits failed logins and registrations.',
  }),
  loginFailures: setting('GATEHOUSE_LOGIN_FAILURES', schema.rate().default({ count: 10, seconds: 900 }), {
    about: 'Failed logins of one account, or from one address to one account, before further attempts are rejected.',
  }),
  registrationRate: setting('GATEHOUSE_REGISTRATION_RATE', schema.rate().default({ count: 100, seconds: HOUR }), {
    about: 'Maximum number of clients registered from one address, and for one redirect host.',
  }),
  registrationQuota: setting('GATEHOUSE_REGISTRATION_QUOTA', schema.integer({ min: 1, max: 1_000_000 }).default(1000), {
    about: 'Maximum number of unapproved registered clients per address.',
  }),
  registrationUnusedLifetimeSeconds: setting(
    'GATEHOUSE_REGISTRATION_UNUSED_LIFETIME',
    schema.seconds().default(7 * DAY),
    {
      about:
        'An unapproved registered client is deleted when it has been neither used nor changed for this long, unless an administrator disabled or restricted it.',
    },
  ),
  pendingPerBrowser: setting('GATEHOUSE_PENDING_PER_BROWSER', schema.integer({ min: 1, max: 1000 }).default(50), {
    about: 'Maximum number of unfinished logins per browser.',
  }),

  // RFC 6749 4.1.2: a code is valid for at most ten minutes
  codeLifetimeSeconds: setting('GATEHOUSE_CODE_LIFETIME', schema.seconds({ max: 600 }).default(60), {
    about: 'Authorization code.',
  }),
  deviceCodeLifetimeSeconds: setting('GATEHOUSE_DEVICE_CODE_LIFETIME', schema.seconds({ max: DAY }).default(600), {
    about: 'The device code and the user code.',
  }),
  requestLifetimeSeconds: setting('GATEHOUSE_REQUEST_LIFETIME', schema.seconds().default(3 * DAY), {
    about: 'An unfinished login: how long a user may pause and still return to the application.',
  }),
  // RFC 9126 2.2: between 5 and 600 seconds
  pushedRequestLifetimeSeconds: setting('GATEHOUSE_PUSHED_REQUEST_LIFETIME', schema.seconds({ max: 600 }).default(60), {
    about: 'A pushed authorization request (PAR): how soon the browser must present its `request_uri`.',
  }),
  accessTokenLifetimeSeconds: setting('GATEHOUSE_ACCESS_TOKEN_LIFETIME', schema.seconds().default(HOUR), {
    about: 'Access token.',
  }),
  idTokenLifetimeSeconds: setting('GATEHOUSE_ID_TOKEN_LIFETIME', schema.seconds().default(HOUR), {
    about: 'ID token.',
  }),
  refreshTokenLifetimeSeconds: setting('GATEHOUSE_REFRESH_TOKEN_LIFETIME', schema.seconds().default(30 * DAY), {
    about: 'Refresh token, counted from its last use.',
  }),
  refreshTokenAbsoluteLifetimeSeconds: setting(
    'GATEHOUSE_REFRESH_TOKEN_ABSOLUTE_LIFETIME',
    schema.seconds().default(365 * DAY),
    { about: 'Refresh tokens of one sign-in, regardless of use.' },
  ),
  sessionLifetimeSeconds: setting('GATEHOUSE_SESSION_LIFETIME', schema.seconds().default(30 * DAY), {
    about: "A browser's login, regardless of use.",
  }),
  sessionIdleLifetimeSeconds: setting('GATEHOUSE_SESSION_IDLE_LIFETIME', schema.seconds().default(7 * DAY), {
    about: "A browser's login without use.",
  }),
  trustedBrowserLifetimeSeconds: setting(
    'GATEHOUSE_TRUSTED_BROWSER_LIFETIME',
    schema.seconds({ min: 0 }).default(30 * DAY),
    { about: 'Maximum time that a trusted browser may skip the second factor; 0: never.' },
  ),
  resetLinkLifetimeSeconds: setting('GATEHOUSE_RESET_LINK_LIFETIME', schema.seconds().default(DAY), {
    about: 'A link that sets a password.',
  }),
  secretOverlapLifetimeSeconds: setting('GATEHOUSE_SECRET_OVERLAP_LIFETIME', schema.seconds().default(DAY), {
    about: "A client's old secret after a rotation.",
  }),
  refreshRetryWindowSeconds: setting(
    'GATEHOUSE_REFRESH_RETRY_WINDOW',
    schema.seconds({ min: 0, max: HOUR }).default(30),
    { about: 'How long a repeated refresh returns the same response; 0: never.' },
  ),
  invitationLifetimeSeconds: setting(
    'GATEHOUSE_INVITATION_LIFETIME',
    schema.seconds({ max: 90 * DAY }).default(7 * DAY),
    { about: 'The link of an invitation.' },
  ),
  auditRetentionSeconds: setting(
    'GATEHOUSE_AUDIT_RETENTION',
    schema.seconds({ min: 0, max: 3650 * DAY }).default(400 * DAY),
    { about: 'How long events stay in the audit log; 0: forever.' },
  ),
  keyPrepublishSeconds: setting('GATEHOUSE_KEY_PREPUBLISH_SECONDS', schema.seconds().default(DAY), {
    about: 'A signing key is published for this long before it signs.',
  }),
  keySignSeconds: setting('GATEHOUSE_KEY_SIGN_SECONDS', schema.seconds().default(90 * DAY), {
    about: 'A signing key signs for this long.',
  }),
  keyRetireSeconds: setting('GATEHOUSE_KEY_RETIRE_SECONDS', schema.seconds().default(2 * DAY), {
    about: 'A signing key stays published for this long after its last signature.',
  }),

  logLevel: setting(
    'GATEHOUSE_LOG_LEVEL',
    schema.choice(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
    { about: 'The minimum level of log messages.' },
  ),
  metricsHost: setting('GATEHOUSE_METRICS_HOST', schema.text({ maxLength: 255 }).default('127.0.0.1'), {
    about: 'The address on which the metrics endpoint listens; it requires no authentication.',
  }),
  metricsPort: setting('GATEHOUSE_METRICS_PORT', schema.port().optional(), {
    about: 'The port of the metrics endpoint; default: disabled.',
  }),
});

type Parsed = SettingsOf<typeof settingsDefinition>;

/** PEM files for https. */
export interface TlsFiles {
  readonly certPath: string;
  readonly keyPath: string;
}

/** The settings of the environment: parsed once, frozen. */
export type LoadedSettings = Omit<Parsed, 'issuer' | 'host' | 'port' | 'databaseUrl'> & {
  /** An origin, without path or trailing slash. */
  readonly issuer: string;
  /** `::` means every address. */
  readonly host: string;
  readonly port: number;
  readonly tls: TlsFiles | undefined;
  readonly databaseUrl: string;
  readonly sources: SettingSources<typeof settingsDefinition>;
};

/** The settings that do not change while the server runs, injected as `SETTINGS`. All others come from `CurrentSettings`. */
export type Settings = Omit<LoadedSettings, EditableKey>;

/** @throws SettingsError that lists all problems */
export function loadSettings(environment: Environment): LoadedSettings {
  const { values, sources } = parseSettings(settingsDefinition, environment, { alsoKnown: clientSettingNames, check });
  const { tlsCertPath, tlsKeyPath } = values;
  // A server that terminates TLS itself listens on the issuer's port, by default 443.
  const port = values.port ?? portOf(values.issuer) ?? (tlsCertPath === undefined ? 5000 : 443);
  const issuer = values.issuer ?? `http://localhost:${port}`;
  return Object.freeze({
    ...values,
    sources,
    issuer,
    port,
    host: values.host ?? hostOf(issuer),
    tls:
      tlsCertPath !== undefined && tlsKeyPath !== undefined
        ? { certPath: tlsCertPath, keyPath: tlsKeyPath }
        : undefined,
    databaseUrl: values.databaseUrl ?? `sqlite:${join(values.dataDir, 'provider.sqlite')}`,
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
