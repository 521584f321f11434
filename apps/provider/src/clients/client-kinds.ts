import type { Client } from '@gatehouse/domain/oauth';
import { text, type Text } from '../i18n/message.js';
import type { ClientFormValues } from './client-form.js';

/** What an application is: the first question when it is added. */
export const clientKinds = ['web', 'spa', 'native', 'machine', 'device'] as const;
export type ClientKind = (typeof clientKinds)[number];

const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';

/** How the settings of each kind differ from those of a website with a server. */
const defaults: Readonly<Record<ClientKind, Partial<ClientFormValues>>> = {
  web: {},
  spa: { type: 'public' },
  native: { type: 'public', applicationType: 'native' },
  // Without a person there is nobody to sign in: no redirect and no identity scopes.
  machine: { redirectUris: [], scope: [], defaultScope: [], grantTypes: ['client_credentials'] },
  device: {
    type: 'public',
    applicationType: 'native',
    redirectUris: [],
    grantTypes: [deviceGrant, 'refresh_token'],
  },
};

/** The settings that an application of this kind starts with. */
export function withDefaultsOf(kind: string | undefined, blank: ClientFormValues): ClientFormValues {
  const known = clientKinds.find((each) => each === kind);
  return known === undefined ? blank : { ...blank, ...defaults[known] };
}

/** Whether people are sent back to an address of the application. */
export function hasRedirects(kind: ClientKind): boolean {
  return kind !== 'machine' && kind !== 'device';
}

/** The kind of an existing application, by its settings. */
export function kindOf(client: Client): ClientKind | 'api' {
  const { grantTypes, type, applicationType } = client;
  const signsIn = grantTypes.some((each) => each === 'authorization_code' || each === 'implicit');
  if (client.resourceServer) return 'api';
  if (!signsIn && grantTypes.includes(deviceGrant)) return 'device';
  if (!signsIn) return 'machine';
  if (applicationType === 'native') return 'native';
  return type === 'public' ? 'spa' : 'web';
}

export const kindLabels: Readonly<Record<ClientKind | 'api', Text>> = {
  web: text('clients.kind.web'),
  spa: text('clients.kind.spa'),
  native: text('clients.kind.native'),
  machine: text('clients.kind.machine'),
  device: text('clients.kind.device'),
  api: text('clients.kind.api'),
};

const kindHints: Readonly<Record<ClientKind, Text>> = {
  web: text('clients.kind.webHint'),
  spa: text('clients.kind.spaHint'),
  native: text('clients.kind.nativeHint'),
  machine: text('clients.kind.machineHint'),
  device: text('clients.kind.deviceHint'),
};

const kindIcons: Readonly<Record<ClientKind, { readonly icon: string }>> = {
  web: { icon: 'server' },
  spa: { icon: 'app-window' },
  native: { icon: 'smartphone' },
  machine: { icon: 'bot' },
  device: { icon: 'tv' },
};

/** The options of the first question. Developers may not add the grant type client_credentials, so no machine. */
export function kindOptions(isAdministrator: boolean): object[] {
  const offered = clientKinds.filter((kind) => isAdministrator || kind !== 'machine');
  return offered.map((kind) => ({
    value: kind,
    label: kindLabels[kind],
    hint: kindHints[kind],
    ...kindIcons[kind],
  }));
}
