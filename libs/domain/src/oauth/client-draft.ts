import type { Client, ClientDraft } from './client.js';
import {
  isClientPropertyName,
  maySetClientProperty,
  type ClientEditor,
  type ClientPropertyName,
} from './client-properties.js';

/**
 * What somebody says of a client: a member that is left out stays as it is, and is the default of a new client; undefined
 * takes it back to the default.
 */
export type ClientInput = {
  readonly [name in ClientPropertyName]?: ClientDraft[name] | undefined;
} & {
  /** Follows from the authentication method where it is left out. */
  readonly type?: string | undefined;
};

/** What is decided about a client, and not set as a property. */
export type ClientDecisions = Pick<ClientDraft, 'source' | 'approvedAt' | 'limitedAt' | 'disabledAt'> & {
  /** Whether a confidential client needs PKCE of which nothing is said; left out: yes. */
  readonly pkceByDefault?: boolean;
};

/** The input without the properties that the editor may not set: they are ignored, and stay as they are. */
export function settableInput(input: ClientInput, editor: ClientEditor): ClientInput {
  return Object.fromEntries(
    Object.entries(input).filter(
      ([name]) => name === 'type' || (isClientPropertyName(name) && maySetClientProperty(editor, name)),
    ),
  );
}

/**
 * The client that results from an input, unchecked. Properties that follow from others do so unless they are named.
 * @param before the client that is changed; undefined for a new one
 */
export function clientDraft(input: ClientInput, before: Client | undefined, decisions: ClientDecisions): ClientDraft {
  const said = { ...before, ...input };
  const { source, approvedAt, limitedAt, disabledAt, pkceByDefault = true } = decisions;
  const authMethod = said.authMethod ?? 'client_secret_basic';
  const isPublic = authMethod === 'none';
  const redirectUris = said.redirectUris ?? [];
  // RFC 7591 2: authorization_code where nothing is said.
  const grantTypes = said.grantTypes ?? (said.resourceServer === true ? [] : ['authorization_code']);
  const scope = said.scope ?? [];
  return {
    ...said,
    source,
    approvedAt,
    limitedAt,
    disabledAt,
    name: said.name ?? '',
    type: input.type ?? (isPublic ? 'public' : 'confidential'),
    authMethod,
    redirectUris,
    defaultRedirectUri: isNamed(input, 'defaultRedirectUri')
      ? input.defaultRedirectUri
      : redirectUris.find((uri) => uri === before?.defaultRedirectUri),
    postLogoutRedirectUris: said.postLogoutRedirectUris ?? [],
    grantTypes,
    responseTypes: isNamed(input, 'responseTypes') ? input.responseTypes : responseTypesFor(grantTypes, before),
    scope,
    defaultScope: isNamed(input, 'defaultScope')
      ? input.defaultScope
      : before?.defaultScope.filter((each) => scope.includes(each)),
    pkceRequired: isNamed(input, 'pkceRequired')
      ? input.pkceRequired
      : // Required once, it stays so: a client could drop it by being public for a while.
        isPublic || before?.pkceRequired === true || (before?.type !== 'confidential' && pkceByDefault),
  };
}

function isNamed(input: ClientInput, name: ClientPropertyName): boolean {
  return Object.hasOwn(input, name);
}

/** Those that the client has, where they go with the grant types; undefined means those that follow from the grant types. */
function responseTypesFor(grantTypes: readonly string[], before: Client | undefined): readonly string[] | undefined {
  if (before === undefined) return undefined;
  const words = new Set(before.responseTypes.flatMap((responseType) => responseType.split(' ')));
  const usesCode = words.has('code') === grantTypes.includes('authorization_code');
  const isDirect = (words.has('id_token') || words.has('token')) === grantTypes.includes('implicit');
  return usesCode && isDirect ? before.responseTypes : undefined;
}
