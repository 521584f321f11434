import { jwsAlgorithms, macAlgorithms, needsSecret, publicKeyManagementAlgorithms } from '../jose/index.js';
import { metadataProperties, metadataPropertyNames, type ClientMetadata } from './client-properties.js';
import type { JwkSet } from './client-property-checks.js';

/** Metadata from a form, a file or the protocol: types are checked, values are not. */
export type ClientMetadataDraft = {
  readonly [member in keyof ClientMetadata]?: ClientMetadata[member] extends boolean
    ? boolean | undefined
    : NonNullable<ClientMetadata[member]> extends readonly string[]
      ? readonly string[] | undefined
      : NonNullable<ClientMetadata[member]> extends number
        ? number | undefined
        : NonNullable<ClientMetadata[member]> extends JwkSet
          ? object | undefined
          : string | undefined;
};

/** The metadata of a client that sets nothing. */
// Each property has its default from the table.
export const plainMetadata = Object.fromEntries(
  metadataPropertyNames.flatMap((name) => {
    const { default: standard } = metadataProperties[name];
    return standard === undefined ? [] : [[name, standard]];
  }),
) as unknown as ClientMetadata;

/** The metadata of a client; undefined members are omitted. */
export function metadataOf(client: ClientMetadata): Partial<ClientMetadata> {
  return Object.fromEntries(
    metadataPropertyNames.flatMap((name) => (client[name] === undefined ? [] : [[name, client[name]]])),
  );
}

type SayOf = (field: string, message: string) => void;

interface Context {
  readonly authMethod: string | undefined;
  readonly redirectUris: readonly string[];
}

/** Properties with an encryption: `…Alg` for the key, `…Enc` for the content. */
const encrypted = [
  'idTokenEncryptedResponse',
  'userinfoEncryptedResponse',
  'authorizationEncryptedResponse',
  'introspectionEncryptedResponse',
  'requestObjectEncryption',
] as const;

/**
 * Validates optional client metadata: each property by the table, then the rules across properties.
 * @param context other metadata, already validated
 * @param say called for each problem with the draft's member (`contacts.2` for an entry of a list)
 */
export function checkMetadata(draft: ClientMetadataDraft, context: Context, say: SayOf): ClientMetadata {
  // Each value is the result of its check in the table.
  const checked = Object.fromEntries(
    metadataPropertyNames.map((name) => [
      name,
      metadataProperties[name].check(draft[name], (message, index) => {
        say(index === undefined ? name : `${name}.${index}`, message);
      }),
    ]),
  ) as unknown as ClientMetadata;
  checkAlgorithms(checked, context, say);
  checkKeyUse(draft, checked, context, say);
  checkAddresses(checked, context, say);
  // RFC 9700 4.14.2: refresh tokens of public clients must be rotated or sender-constrained.
  if (checked.refreshTokenRotation === 'never' && context.authMethod === 'none' && !checked.dpopBoundAccessTokens)
    say('refreshTokenRotation', 'Without rotation, a public client needs tokens that are bound to a key (DPoP).');
  for (const name of encrypted)
    if (draft[`${name}Enc`] && !draft[`${name}Alg`])
      say(`${name}Enc`, 'A content encryption needs a key encryption too.');
  return withContentEncryption(checked);
}

/** OpenID Connect Registration 2: A128CBC-HS256 is the default if only the alg is set. For request objects the client chooses. */
function withContentEncryption(metadata: ClientMetadata): ClientMetadata {
  const standard = encrypted
    .filter((name) => name !== 'requestObjectEncryption' && metadata[`${name}Alg`] && !metadata[`${name}Enc`])
    .map((name) => [`${name}Enc`, 'A128CBC-HS256'] as const);
  return { ...metadata, ...Object.fromEntries(standard) };
}

function checkAlgorithms(metadata: ClientMetadata, { authMethod }: Context, say: SayOf): void {
  for (const name of metadataPropertyNames) {
    const value = metadata[name];
    if (
      'choices' in metadataProperties[name] &&
      typeof value === 'string' &&
      needsSecret(value) &&
      authMethod === 'none'
    )
      say(name, `A public client has no secret for ${value}.`);
  }
  const { tokenEndpointAuthSigningAlg: algorithm } = metadata;
  const fitting: readonly string[] = authMethod === 'client_secret_jwt' ? macAlgorithms : jwsAlgorithms;
  if (algorithm !== undefined && !fitting.includes(algorithm))
    say('tokenEndpointAuthSigningAlg', `Choose one of ${fitting.join(', ')}.`);
}

function checkKeyUse(draft: ClientMetadataDraft, metadata: ClientMetadata, { authMethod }: Context, say: SayOf): void {
  if (draft.jwks !== undefined && metadata.jwksUri !== undefined)
    // RFC 7591 2: MUST NOT both be present.
    say('jwks', 'Register keys by value or by address, not both.');
  if (metadata.jwks !== undefined || metadata.jwksUri !== undefined) return;
  if (authMethod === 'private_key_jwt')
    say('jwks', 'This way of authentication needs the client’s keys: by value or by address.');
  for (const name of encrypted) {
    const algorithm = name === 'requestObjectEncryption' ? undefined : metadata[`${name}Alg`];
    if (algorithm !== undefined && publicKeyManagementAlgorithms.some((each) => each === algorithm))
      say(`${name}Alg`, 'Encrypting to the client needs its keys: by value or by address.');
  }
}

function checkAddresses(metadata: ClientMetadata, { redirectUris }: Context, say: SayOf): void {
  const { sectorIdentifierUri, frontchannelLogoutUri } = metadata;
  if (sectorIdentifierUri !== undefined && !sectorIdentifierUri.startsWith('https:'))
    say('sectorIdentifierUri', 'The sector identifier is an https address (OpenID Connect Registration 5).');
  if (metadata.subjectType === 'pairwise' && sectorIdentifierUri === undefined && hostsOf(redirectUris).size > 1)
    say('sectorIdentifierUri', 'Redirect URIs of several hosts need a sector identifier (OpenID Connect Core 8.1).');
  // Front-Channel Logout 2: scheme, host and port are those of a redirect URI.
  if (frontchannelLogoutUri !== undefined && !redirectUris.some((each) => sameOrigin(each, frontchannelLogoutUri)))
    say('frontchannelLogoutUri', 'This address must have the same scheme, host and port as one of the redirect URIs.');
}

function sameOrigin(a: string, b: string): boolean {
  return URL.canParse(a) && URL.canParse(b) && new URL(a).origin === new URL(b).origin && new URL(b).origin !== 'null';
}

function hostsOf(uris: readonly string[]): ReadonlySet<string> {
  return new Set(uris.flatMap((uri) => (URL.canParse(uri) ? [new URL(uri).host] : [])));
}
