import { join } from 'node:path';
import { isLoopbackHost } from '@gatehouse/domain/oauth';
import { AddressList } from '@gatehouse/platform/outbound/address-list';
import { LOOPBACK_NETWORKS } from '@gatehouse/platform/outbound/loopback';
import * as field from '@gatehouse/platform/settings/setting-fields';
import { providerSettingNames } from '@gatehouse/platform/settings/setting-names';
import {
  defineSettings,
  parseSettings,
  type Environment,
  type Report,
  type SettingsOf,
} from '@gatehouse/platform/settings/settings';
import { hstsScopes } from '@gatehouse/platform/http/security-headers';

/** All settings of the client, in the order of the table in the documentation. */
export const settingsDefinition = defineSettings({
  baseUrl: field.origin('GATEHOUSE_CLIENT_BASE_URL', {
    about: 'Where people reach the client; its redirect URIs are made from it.',
    default: 'http://localhost:8000',
  }),
  host: field.text('GATEHOUSE_CLIENT_HOST', {
    about: 'The address to listen on; `localhost` listens on 127.0.0.1 and ::1.',
    defaultText: "a loopback base URL's host, else every address",
  }),
  port: field.port('GATEHOUSE_CLIENT_PORT', {
    about: 'The port to listen on.',
    defaultText: "the base URL's, else `8000`",
  }),
  databaseUrl: field.secretUrl('GATEHOUSE_CLIENT_DATABASE_URL', {
    about: 'Where providers and sessions are stored.',
    schemes: ['sqlite:', 'postgres://', 'postgresql://'],
    defaultText: '`sqlite:$GATEHOUSE_DATA_DIR/client.sqlite`',
  }),
  sessionSecret: field.required(
    field.secretText('GATEHOUSE_CLIENT_SESSION_SECRET', {
      about: 'Encrypts stored sessions and secrets and signs form tokens.',
      minBytes: 32,
    }),
  ),
  adminPassword: field.secretText('GATEHOUSE_CLIENT_ADMIN_PASSWORD', {
    about: 'Opens the page that adds and edits providers; without it, only a login with the role `admin` does.',
    minBytes: 8,
  }),
  outboundAllow: field.addresses('GATEHOUSE_CLIENT_OUTBOUND_ALLOW', {
    about: 'Networks of providers that are not public; loopback is allowed where the base URL is loopback.',
  }),
  providerIssuer: field.webAddress('GATEHOUSE_CLIENT_PROVIDER_ISSUER', {
    about: 'A provider to begin with, while there is none.',
  }),
  providerClientId: field.text('GATEHOUSE_CLIENT_PROVIDER_CLIENT_ID', { about: 'Our client id at that provider.' }),
  providerClientSecret: field.secretText('GATEHOUSE_CLIENT_PROVIDER_CLIENT_SECRET', {
    about: 'Our client secret at that provider.',
  }),

  insecureHttp: field.flag('GATEHOUSE_INSECURE_HTTP', {
    about: 'Allows an http base URL that is not on this machine.',
    default: false,
  }),
  hsts: field.choice('GATEHOUSE_HSTS', {
    about:
      'What the `Strict-Transport-Security` header of an https base URL covers: this host, also its subdomains, or also the preload lists of browsers (not easily undone).',
    among: hstsScopes,
    default: 'host',
  }),
  trustedProxies: field.addresses('GATEHOUSE_TRUSTED_PROXIES', {
    about: 'Proxies whose `X-Forwarded-For` is believed.',
  }),
  migrate: field.choice('GATEHOUSE_MIGRATE', {
    about: 'Whether the start brings the database up to date.',
    among: ['auto', 'off'],
    default: 'auto',
  }),
  dataDir: field.text('GATEHOUSE_DATA_DIR', { about: 'Folder of the embedded database.', default: 'data' }),
  logLevel: field.choice('GATEHOUSE_LOG_LEVEL', {
    about: 'The least that is logged.',
    among: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    default: 'info',
  }),
});

type Parsed = SettingsOf<typeof settingsDefinition>;

/** The initial provider. */
export interface ProviderSeed {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string | undefined;
}

/** The frozen settings of the client. */
export type ClientSettings = Omit<
  Parsed,
  | 'host'
  | 'port'
  | 'databaseUrl'
  | 'insecureHttp'
  | 'dataDir'
  | 'providerIssuer'
  | 'providerClientId'
  | 'providerClientSecret'
> & {
  /** `::` means all addresses. */
  readonly host: string;
  readonly port: number;
  readonly databaseUrl: string;
  readonly providerSeed: ProviderSeed | undefined;
};

/** @throws SettingsError listing all problems */
export function loadSettings(environment: Environment): ClientSettings {
  const parsed = parseSettings(settingsDefinition, environment, { alsoKnown: providerSettingNames, check });
  const { insecureHttp: _checked, dataDir, providerIssuer, providerClientId, providerClientSecret, ...rest } = parsed;
  const { hostname, port } = new URL(parsed.baseUrl);
  const loopback = isLoopbackHost(hostname);
  return Object.freeze({
    ...rest,
    host: parsed.host ?? (loopback ? hostname.replace(/^\[|\]$/g, '') : '::'),
    port: parsed.port ?? (port === '' ? 8000 : Number(port)),
    databaseUrl: parsed.databaseUrl ?? `sqlite:${join(dataDir, 'client.sqlite')}`,
    outboundAllow: loopback ? withLoopback(parsed.outboundAllow) : parsed.outboundAllow,
    providerSeed: seedOf(providerIssuer, providerClientId, providerClientSecret),
  });
}

function check(values: Partial<Parsed>, report: Report): void {
  const { baseUrl = '', providerIssuer, providerClientId, providerClientSecret } = values;
  if (baseUrl.startsWith('http:') && !isLoopbackHost(new URL(baseUrl).hostname) && values.insecureHttp !== true) {
    report(
      'GATEHOUSE_CLIENT_BASE_URL',
      'is http and not on this machine; use https (GATEHOUSE_INSECURE_HTTP=1 accepts it)',
    );
  }
  const begun = providerIssuer ?? providerClientId ?? providerClientSecret;
  if (begun !== undefined && (providerIssuer === undefined || providerClientId === undefined)) {
    report(
      'GATEHOUSE_CLIENT_PROVIDER_ISSUER',
      'and GATEHOUSE_CLIENT_PROVIDER_CLIENT_ID are set together or not at all',
    );
  }
}

function withLoopback(allowed: AddressList): AddressList {
  return allowed.with(LOOPBACK_NETWORKS);
}

function seedOf(issuer?: string, clientId?: string, clientSecret?: string): ProviderSeed | undefined {
  return issuer === undefined || clientId === undefined ? undefined : Object.freeze({ issuer, clientId, clientSecret });
}
