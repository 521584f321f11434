import type { Client } from '@gatehouse/domain/oauth';
import type { Interaction } from '../protocol/authorization/interaction.js';
import { displayHost } from '../web/display-host.js';
import { text, type Message } from '../i18n/message.js';
import type { Permission, Permissions } from './consent-texts.service.js';
import { claimSentence } from './scope-sentences.js';

interface AskedPermission {
  readonly sentence: Message;
  readonly icon?: string | undefined;
}

/** A group of the list of what an application asks for (`ui/asks`). */
interface AskGroup {
  readonly title?: Message;
  readonly icon?: string;
  /** The name of an API, for its drawing. */
  readonly app?: string;
  /** The name of the user, for their drawing. */
  readonly person?: string;
  readonly permissions: readonly AskedPermission[];
}

/** A row of `ui/facts`. */
type Fact = { readonly label: Message } & Readonly<Record<string, unknown>>;

const offlineAccess = 'offline_access';

const icons: Readonly<Record<string, { readonly icon: string }>> = {
  openid: { icon: 'badge-check' },
  profile: { icon: 'user' },
  email: { icon: 'mail' },
  address: { icon: 'map-pin' },
  phone: { icon: 'phone' },
  roles: { icon: 'shield' },
  application_roles: { icon: 'shield' },
  [offlineAccess]: { icon: 'refresh-cw' },
  'gatehouse:admin': { icon: 'triangle-alert' },
  'gatehouse:read': { icon: 'eye' },
};

const accessOnly = { sentence: text('consent.accessOnly') };

/**
 * What a client asks for, in the order of the page: the account, each API, other permissions, and the time after the sign-in.
 * @param claims names of claims that the request asks for one by one
 * @param person the name of the user
 */
export function askGroups(permissions: Permissions, claims: readonly string[], person: string): readonly AskGroup[] {
  const own = [
    ...permissions.server.filter(({ name }) => name !== offlineAccess).map(asked),
    ...claims.map((name) => ({ sentence: claimSentence(name) })),
  ];
  const away = permissions.server.filter(({ name }) => name === offlineAccess).map(asked);
  const groups: AskGroup[] = [
    ...(own.length > 0 ? [{ title: text('consent.account'), person, permissions: own }] : []),
    ...permissions.apis.map(({ name, permissions: ofApi }) => ({
      title: name,
      app: name,
      permissions: ofApi.length > 0 ? ofApi.map(asked) : [accessOnly],
    })),
    ...(permissions.others.length > 0
      ? [{ title: text('consent.others'), icon: 'boxes', permissions: permissions.others.map(asked) }]
      : []),
    ...(away.length > 0 ? [{ title: text('consent.away'), icon: 'clock', permissions: away }] : []),
  ];
  return groups.length > 0 ? groups : [{ permissions: [accessOnly] }];
}

function asked({ name, sentence }: Permission): AskedPermission {
  return { sentence, icon: icons[name]?.icon };
}

/** What a user can check about a client that nobody has approved. */
export function clientFacts(client: Client, interaction: Interaction): readonly Fact[] {
  if (client.approvedAt !== undefined) return [];
  return [
    ...(interaction.kind === 'authorization'
      ? [{ label: text('consent.detail.host'), value: displayHost(interaction.request.redirectUri) }]
      : []),
    // The only property of such a client that is verified.
    ...(client.source === 'metadata_document' ? [{ label: text('consent.detail.document'), code: client.id }] : []),
    { label: text('consent.detail.registered'), at: client.createdAt },
  ];
}

/** The wire names behind the sentences. */
export function technicalDetails(
  client: Client,
  { scope, claims, permissions }: { scope: readonly string[]; claims: readonly string[]; permissions: Permissions },
): readonly Fact[] {
  return [
    { label: text('consent.detail.client'), code: client.id },
    ...(scope.length > 0 ? [{ label: text('consent.detail.scopes'), codes: scope }] : []),
    ...(claims.length > 0 ? [{ label: text('consent.detail.claims'), codes: claims }] : []),
    ...permissions.apis.map(({ name, identifier, permissions: ofApi }) => ({
      label: name,
      codes: [identifier, ...ofApi.map((each) => each.name)],
    })),
  ];
}
