import type { Client, ClientDraft } from './client.js';
import {
  isClientPropertyName,
  maySetClientProperty,
  type ClientEditor,
  type ClientPropertyName,
} from './client-properties.js';

/**
 * An update of a client. An omitted member keeps its value, or has the default in a new client; undefined resets it to the
 * default.
 */
export type ClientInput = {
  readonly [name in ClientPropertyName]?: ClientDraft[name] | undefined;
} & {
  /** Derived from the authentication method if omitted. */
  readonly type?: string | undefined;
};

/** Members that are decisions about a client, not properties. */
export type ClientDecisions = Pick<ClientDraft, 'source' | 'approvedAt' | 'restrictedAt' | 'disabledAt'> & {
  /** Whether a confidential client requires PKCE by default; true if omitted. */
  readonly pkceByDefault?: boolean;
};

/** The input without the properties that the editor may not set, which are ignored and keep their value. */
export function settableInput(input: ClientInput, editor: ClientEditor): ClientInput {
  return Object.fromEntries(
    Object.entries(input).filter(
      ([name]) => name === 'type' || (isClientPropertyName(name) && maySetClientProperty(editor, name)),
    ),
  );
}

/**
 * The client that results from an input, not validated. Dependent properties are derived unless given.
 * @param before the client to change; undefined for a new one
 */
export function clientDraft(input: ClientInput, before: Client | undefined, decisions: ClientDecisions): ClientDraft {
  const said = { ...before, ...input };
  const { source, approvedAt, restrictedAt, disabledAt, pkceByDefault = true } = decisions;
  const authMethod = said.authMethod ?? 'client_secret_basic';
  const isPublic = authMethod === 'none';
  const redirectUris = said.redirectUris ?? [];
  // RFC 7591 2: authorization_code is the default.
  const grantTypes = said.grantTypes ?? (said.resourceServer === true ? [] : ['authorization_code']);
  const scope = said.scope ?? [];
  return {
    ...said,
    source,
    approvedAt,
    restrictedAt,
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
      : // Once required it stays so: otherwise a client could drop it by being public for a while.
        isPublic || before?.pkceRequired === true || (before?.type !== 'confidential' && pkceByDefault),
  };
}

function isNamed(input: ClientInput, name: ClientPropertyName): boolean {
  return Object.hasOwn(input, name);
}

/** The client's response types, filtered by the grant types; undefined means those derived from the grant types. */
function responseTypesFor(grantTypes: readonly string[], before: Client | undefined): readonly string[] | undefined {
  if (before === undefined) return undefined;
  const words = new Set(before.responseTypes.flatMap((responseType) => responseType.split(' ')));
  const usesCode = words.has('code') === grantTypes.includes('authorization_code');
  const isDirect = (words.has('id_token') || words.has('token')) === grantTypes.includes('implicit');
  return usesCode && isDirect ? before.responseTypes : undefined;
}
