import { join } from 'node:path';
import { isLoopbackHost } from '@gatehouse/domain/oauth';
import { AddressList } from '@gatehouse/platform/outbound/address-list';
import { LOOPBACK_NETWORKS } from '@gatehouse/platform/outbound/loopback';
import * as schema from '@gatehouse/platform/settings/setting-schemas';
import { providerSettingNames } from '@gatehouse/platform/settings/setting-names';
import {
  defineSettings,
  parseSettings,
  setting,
  type Environment,
  type Report,
  type SettingsOf,
  type SettingSources,
} from '@gatehouse/platform/settings/settings';
import { hstsScopes } from '@gatehouse/platform/http/security-headers';

/** All settings of the client, in the order of the table in the documentation. */
export const settingsDefinition = defineSettings({
  baseUrl: setting('GATEHOUSE_CLIENT_BASE_URL', schema.origin().default('http://localhost:8000'), {
    about: 'The origin at which users reach the client; its redirect URIs are based on it.',
  }),
  host: setting('GATEHOUSE_CLIENT_HOST', schema.text().optional(), {
    about: 'The address to listen on; `localhost` listens on 127.0.0.1 and ::1.',
    defaultText: "a loopback base URL's host, else every address",
  }),
  port: setting('GATEHOUSE_CLIENT_PORT', schema.port().optional(), {
    about: 'The port to listen on.',
    defaultText: "the base URL's, else `8000`",
  }),
  databaseUrl: setting(
    'GATEHOUSE_CLIENT_DATABASE_URL',
    schema.secretUrl(['sqlite:', 'postgres://', 'postgresql://']).optional(),
    { about: 'Where providers and sessions are stored.', defaultText: '`sqlite:$GATEHOUSE_DATA_DIR/client.sqlite`' },
  ),
  sessionSecret: setting('GATEHOUSE_CLIENT_SESSION_SECRET', schema.secretText({ minBytes: 32 }), {
    about: 'Encrypts stored sessions and secrets and signs form tokens.',
  }),
  adminPassword: setting('GATEHOUSE_CLIENT_ADMIN_PASSWORD', schema.secretText({ minBytes: 8 }).optional(), {
    about:
      'Protects the page on which providers are added and edited; without it, only users with the role `admin` have access.',
  }),
  outboundAllow: setting('GATEHOUSE_CLIENT_OUTBOUND_ALLOW', schema.addresses().default(AddressList.empty), {
    about: 'Non-public networks in which providers may be; loopback is allowed if the base URL is a loopback address.',
  }),
  providerIssuer: setting('GATEHOUSE_CLIENT_PROVIDER_ISSUER', schema.httpUrl().optional(), {
    about: 'The issuer of a provider that is added at startup while there is none.',
  }),
  providerClientId: setting('GATEHOUSE_CLIENT_PROVIDER_CLIENT_ID', schema.text().optional(), {
    about: 'The client ID at that provider.',
  }),
  providerClientSecret: setting('GATEHOUSE_CLIENT_PROVIDER_CLIENT_SECRET', schema.secretText().optional(), {
    about: 'The client secret at that provider.',
  }),

  insecureHttp: setting('GATEHOUSE_INSECURE_HTTP', schema.flag().default(false), {
    about: 'Allows an http base URL that is not on this machine.',
  }),
  hsts: setting('GATEHOUSE_HSTS', schema.choice(hstsScopes).default('host'), {
    about:
      'What the `Strict-Transport-Security` header of an https base URL covers: this host, also its subdomains, or also the preload lists of browsers (not easily undone).',
  }),
  trustedProxies: setting('GATEHOUSE_TRUSTED_PROXIES', schema.addresses().default(AddressList.empty), {
    about: 'Proxies whose `X-Forwarded-For` header is trusted.',
  }),
  migrate: setting('GATEHOUSE_MIGRATE', schema.choice(['auto', 'off']).default('auto'), {
    about: 'Whether the client migrates the database when it starts.',
  }),
  dataDir: setting('GATEHOUSE_DATA_DIR', schema.text().default('data'), { about: 'Folder of the embedded database.' }),
  logLevel: setting(
    'GATEHOUSE_LOG_LEVEL',
    schema.choice(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
    { about: 'The minimum level of log messages.' },
  ),
});

type Parsed = SettingsOf<typeof settingsDefinition>;

/** The initial provider. */
export interface ProviderSeed {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string | undefined;
}

/** The frozen settings of the client. */
export type ClientSettings = Omit<Parsed, 'host' | 'port' | 'databaseUrl'> & {
  /** `::` means all addresses. */
  readonly host: string;
  readonly port: number;
  readonly databaseUrl: string;
  readonly providerSeed: ProviderSeed | undefined;
  readonly sources: SettingSources<typeof settingsDefinition>;
};

/** @throws SettingsError listing all problems */
export function loadSettings(environment: Environment): ClientSettings {
  const { values, sources } = parseSettings(settingsDefinition, environment, {
    alsoKnown: providerSettingNames,
    check,
  });
  const { hostname, port } = new URL(values.baseUrl);
  const loopback = isLoopbackHost(hostname);
  return Object.freeze({
    ...values,
    sources,
    host: values.host ?? (loopback ? hostname.replace(/^\[|\]$/g, '') : '::'),
    port: values.port ?? (port === '' ? 8000 : Number(port)),
    databaseUrl: values.databaseUrl ?? `sqlite:${join(values.dataDir, 'client.sqlite')}`,
    outboundAllow: loopback ? values.outboundAllow.with(LOOPBACK_NETWORKS) : values.outboundAllow,
    providerSeed: seedOf(values),
  });
}

function check(values: Partial<Parsed>, report: Report): void {
  const { baseUrl = '', providerIssuer, providerClientId, providerClientSecret } = values;
  if (baseUrl.startsWith('http:') && !isLoopbackHost(new URL(baseUrl).hostname) && values.insecureHttp !== true) {
    report(
      'GATEHOUSE_CLIENT_BASE_URL',
      'is http and not on this machine; use https (GATEHOUSE_INSECURE_HTTP=1 allows http)',
    );
  }
  const anySeedSetting = providerIssuer ?? providerClientId ?? providerClientSecret;
  if (anySeedSetting !== undefined && (providerIssuer === undefined || providerClientId === undefined)) {
    report(
      'GATEHOUSE_CLIENT_PROVIDER_ISSUER',
      'and GATEHOUSE_CLIENT_PROVIDER_CLIENT_ID must be set together or not at all',
    );
  }
}

function seedOf({
  providerIssuer: issuer,
  providerClientId: clientId,
  providerClientSecret: clientSecret,
}: Parsed): ProviderSeed | undefined {
  return issuer === undefined || clientId === undefined ? undefined : Object.freeze({ issuer, clientId, clientSecret });
}
