import { isDynamicallyRegistered, type Client, type ClientDraft, type FieldProblem } from './client.js';
import { loosenedMembers } from './client-hardening.js';
import { jwtBearerGrant } from './jwt-bearer.js';
import { isAdministrationScope } from './scope.js';
import { secretNeed } from './secret-need.js';
import { securityProfileNames } from './security-profile.js';

const trustedSentence =
  'An administrator gave this client rights that others do not have: only one may change its name, type and addresses.';
const administrationSentence =
  'This client can administer this server (a gatehouse scope). Only an administrator can change how it authenticates.';

/** Scopes that an administrator alone gives to a client. */
export function isAdministratorGrantedScope(scope: string): boolean {
  return scope === 'roles' || isAdministrationScope(scope);
}

/** True where an administrator gave the client something that others do not have. */
export function hasAdministratorRights(client: Client): boolean {
  return (
    client.serviceAccount ||
    client.tokenExchange.length > 0 ||
    !client.consentRequired ||
    client.scope.some(isAdministratorGrantedScope)
  );
}

/** Rights were given to a client with these restrictions: it does not keep the rights without the restrictions. */
export function looseningProblems(before: Client, draft: ClientDraft): FieldProblem[] {
  if (!hasAdministratorRights(before)) return [];
  return loosenedMembers(before, draft).map((field) => ({
    field,
    message: 'An administrator gave this client rights that others do not have: only one may loosen this.',
  }));
}

/**
 * Whether the owner of a client may replace its credentials. Not where they open the administration of this server:
 * the owner would become an administrator.
 */
export function ownerMayReplaceCredentials(client: Pick<Client, 'scope'>): boolean {
  return !client.scope.some(isAdministrationScope);
}

/**
 * What only an administrator may change about a client. Rights that an administrator gave stay when the owner, or the
 * holder of the registration access token, edits the rest.
 * @param before undefined for a new client
 * @returns problems by the fields of the draft
 * @see RFC 7591 2, RFC 7592 2.2
 */
export function adminOnlyProblems(draft: ClientDraft, before: Client | undefined): FieldProblem[] {
  const consent: FieldProblem[] =
    draft.consentRequired === false && before?.consentRequired !== false
      ? [{ field: 'consentRequired', message: 'Only an administrator may let a client go without the consent page.' }]
      : [];
  return [
    ...identityProblems(draft, before),
    ...scopeProblems(draft, before),
    ...serviceAccountProblems(draft, before),
    ...credentialProblems(draft, before),
    ...consent,
  ];
}

/** What an administrator gave was given to this name and these addresses. */
function identityProblems(draft: ClientDraft, before: Client | undefined): FieldProblem[] {
  if (before === undefined || (before.consentRequired && !before.scope.some(isAdministratorGrantedScope))) return [];
  const turned = before.name !== draft.name.trim() || before.type !== draft.type;
  return [
    ...(turned ? [{ field: 'name', message: trustedSentence }] : []),
    ...draft.redirectUris.flatMap((uri, index) =>
      before.redirectUris.includes(uri) ? [] : [{ field: `redirectUris.${index}`, message: trustedSentence }],
    ),
  ];
}

function scopeProblems(draft: ClientDraft, before: Client | undefined): FieldProblem[] {
  const widened = wideningProblem(before);
  return draft.scope.flatMap((scope, index) => {
    if (before?.scope.includes(scope)) return [];
    const message = isAdministratorGrantedScope(scope)
      ? `Only an administrator may allow the scope ${scope}.`
      : widened;
    return message === undefined ? [] : [{ field: `scope.${index}`, message }];
  });
}

function wideningProblem(before: Client | undefined): string | undefined {
  if (before === undefined) return undefined;
  if (before.serviceAccount)
    return 'An administrator lets this client act for itself within its scopes: only one may add to them.';
  if (before.tokenExchange.length > 0)
    return 'An administrator lets this client exchange tokens within its scopes: only one may add to them.';
  if (!before.consentRequired)
    return 'This client does not ask for consent. Only an administrator can add scopes to it.';
  return undefined;
}

/**
 * RFC 6749 4.4: by client_credentials the owner, who has the secret, gets what the client may have. One that registered
 * itself and belongs to nobody gets it only at APIs that let anyone.
 */
function serviceAccountProblems(draft: ClientDraft, before: Client | undefined): FieldProblem[] {
  if (!draft.grantTypes.includes('client_credentials') || before?.grantTypes.includes('client_credentials')) return [];
  const isOpenRegistration = isDynamicallyRegistered(before?.source ?? draft.source) && before?.ownerId === undefined;
  if (isOpenRegistration && before?.serviceAccount !== true) return [];
  return [{ field: 'grantTypes', message: 'Only an administrator may add the grant type client_credentials.' }];
}

/**
 * Whether an edit hands a client that acts for itself to a new owner, who has its secret and gets its tokens by it. Where
 * the right is not a field of a form that was seen, the editor has to name it: it is never kept by omission.
 * @see RFC 6749 4.4
 */
export function givesServiceAccountToOwner(
  draft: Pick<ClientDraft, 'ownerId' | 'serviceAccount'>,
  before: Pick<Client, 'ownerId'>,
): boolean {
  return draft.serviceAccount === true && draft.ownerId !== undefined && draft.ownerId !== before.ownerId;
}

/**
 * Whether a change needs a recent sign-in: it touches how a client authenticates, its secret, the rights that an
 * administrator gave it, where codes, tokens and people are sent, how it gets tokens, or a restriction that it drops. A
 * new client always needs one, since it gets credentials. Post-logout addresses are exempt: nothing secret is sent there.
 */
export function changesCredentials(draft: ClientDraft, before: Client): boolean {
  const kept = [
    [draft.authMethod, before.authMethod],
    // An algorithm with the secret as its key makes a new secret, which the result shows.
    [secretNeed(draft), secretNeed(before)],
    [draft.tokenEndpointAuthSigningAlg || undefined, before.tokenEndpointAuthSigningAlg],
    [draft.jwks, before.jwks],
    [draft.jwksUri || undefined, before.jwksUri],
    [draft.ownerId, before.ownerId],
    [draft.consentRequired ?? true, before.consentRequired],
    [draft.secondFactorRequired ?? false, before.secondFactorRequired],
    [draft.serviceAccount ?? false, before.serviceAccount],
    [draft.tokenExchange ?? [], before.tokenExchange],
    [adminScopes(draft.scope), adminScopes(before.scope)],
  ].every(([after, then]) => JSON.stringify(after) === JSON.stringify(then));
  return !kept || widensAccess(draft, before) || loosensSecurity(draft, before);
}

function widensAccess(draft: ClientDraft, before: Client): boolean {
  // Without a consent page nothing else limits what an added scope gives.
  const isUnattended = hasAdministratorRights(before) || before.grantTypes.includes(jwtBearerGrant);
  return (
    hasAdded(draft.redirectUris, before.redirectUris) ||
    destinations.some((member) => (draft[member] || undefined) !== before[member]) ||
    hasAdded(draft.grantTypes, before.grantTypes) ||
    hasAdded(draft.responseTypes ?? [], before.responseTypes) ||
    (isUnattended && hasAdded(draft.scope, before.scope))
  );
}

/** Addresses that get logout tokens or session ids, or to which this server sends people. */
const destinations = ['backchannelLogoutUri', 'frontchannelLogoutUri', 'initiateLoginUri'] as const;

/** Messages that are encrypted because the client registered an algorithm for it. */
const encryptions = [
  'idTokenEncryptedResponseAlg',
  'userinfoEncryptedResponseAlg',
  'authorizationEncryptedResponseAlg',
  'introspectionEncryptedResponseAlg',
  'requestObjectEncryptionAlg',
] as const;

function loosensSecurity(draft: ClientDraft, before: Client): boolean {
  const strictness = (name: string): number => securityProfileNames.findIndex((each) => each === name);
  return (
    loosenedMembers(before, draft).length > 0 ||
    strictness(draft.securityProfile ?? 'none') < strictness(before.securityProfile) ||
    encryptions.some((member) => before[member] !== undefined && !draft[member]) ||
    acceptsOtherRequestObjects(draft, before) ||
    loosensSignIn(draft, before) ||
    // RFC 9700 4.14.2: reuse of a stolen refresh token is not detected any more.
    (draft.refreshTokenRotation === 'never' && before.refreshTokenRotation !== 'never')
  );
}

/** OpenID Connect Registration 2: request objects signed in another way than the registered one are refused. */
function acceptsOtherRequestObjects(draft: ClientDraft, { requestObjectSigningAlg: before }: Client): boolean {
  return before !== undefined && before !== 'none' && draft.requestObjectSigningAlg !== before;
}

/** What a request that does not say otherwise demands of a sign-in. */
function loosensSignIn(draft: ClientDraft, before: Client): boolean {
  const maxAge = (client: Pick<ClientDraft, 'defaultMaxAge'>): number => client.defaultMaxAge ?? Infinity;
  const values = draft.defaultAcrValues ?? [];
  return (
    maxAge(draft) > maxAge(before) ||
    (before.defaultAcrValues.length > 0 && JSON.stringify(values) !== JSON.stringify(before.defaultAcrValues))
  );
}

function hasAdded(after: readonly string[], before: readonly string[]): boolean {
  return after.some((each) => !before.includes(each));
}

function adminScopes(scope: readonly string[]): readonly string[] {
  return scope.filter(isAdministratorGrantedScope).sort();
}

function credentialProblems(draft: ClientDraft, before: Client | undefined): FieldProblem[] {
  if (before === undefined || ownerMayReplaceCredentials(before)) return [];
  const problems: FieldProblem[] = [];
  const say = (field: string, message: string): void => void problems.push({ field, message });
  if (draft.authMethod !== before.authMethod) say('authMethod', administrationSentence);
  if (JSON.stringify(draft.jwks) !== JSON.stringify(before.jwks)) say('jwks', administrationSentence);
  if ((draft.jwksUri || undefined) !== before.jwksUri) say('jwksUri', administrationSentence);
  if (draft.grantTypes.some((grantType) => !before.grantTypes.some((each) => each === grantType)))
    say('grantTypes', 'This client can administer this server. Only an administrator can add grant types.');
  return problems;
}
