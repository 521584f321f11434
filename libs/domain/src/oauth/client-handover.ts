import { jwkThumbprint, readPublicKey, type Jwk } from '../jose/index.js';
import type { Client, ClientDraft, FieldProblem } from './client.js';
import { isAdministrationScope } from './scope.js';
import { secretNeed } from './secret-need.js';
import { tokenExchangeGrant } from './token-exchange.js';

const formerOwnerSentence =
  'Whoever had this client before has its private key: register other keys, or choose another way of authentication, together with the new owner.';
const administrationSentence =
  'Keys open the administration of this server only if they were registered for it: register other keys together with this change.';

/** What a change of a client does to its existing credentials. */
export interface ClientHandover {
  /** The secret is replaced. */
  readonly secret: boolean;
  /** No key and no address of keys stays. */
  readonly keys: boolean;
  /** The registration access token ends (RFC 7592). */
  readonly registrationToken: boolean;
  /** The tokens that the client got for itself end. */
  readonly ownTokens: boolean;
  /** Scopes of this server's administration that the client gets or loses: grants with one of them end. */
  readonly administrationScopes: readonly string[];
}

type Handed = Pick<Client, 'ownerId' | 'scope' | 'authMethod' | 'grantTypes' | 'serviceAccount'>;

/**
 * What is replaced or removed when a client changes from one state to another: all credentials where another person answers
 * for it from now on, and those that would open the administration of this server and did not before; and tokens whose right
 * is taken away, since they would be good again if it is given back.
 */
export function clientHandover(before: Handed & Pick<Client, 'source'>, after: Handed): ClientHandover {
  const isHandedOver = changesHands(before, after);
  const [gained, lost] = [added(before, after), added(after, before)];
  const secret = isHandedOver || gained.length > 0;
  return {
    secret,
    keys: keysEnd(before, after, isHandedOver),
    registrationToken: isHandedOver,
    ownTokens: secret || lost.length > 0 || losesServiceAccount(before, after),
    administrationScopes: [...gained, ...lost],
  };
}

/**
 * Whether a change ends credentials that the client has: its secret, one of its keys, or its way to authenticate. A key that
 * is added ends none, and other keys at the same address (`jwks_uri`) are no change of the client.
 */
export function endsCredentials(before: Client, after: Client): boolean {
  return before.authMethod !== after.authMethod || secretNeed(before) !== secretNeed(after) || losesKeys(before, after);
}

/** Whether a key, or the address of keys, is removed or replaced. */
export function losesKeys(before: Pick<Client, 'jwks' | 'jwksUri'>, after: Pick<Client, 'jwks' | 'jwksUri'>): boolean {
  return (
    (before.jwksUri !== undefined && before.jwksUri !== after.jwksUri) ||
    hasAdded(thumbprints(before.jwks), thumbprints(after.jwks))
  );
}

/**
 * Refuses what would let a key of whoever had the client before stay in use. Keys are compared one by one, by what they
 * are and not by how they are written.
 */
export function keptKeyProblems(before: Client, after: Client): FieldProblem[] {
  if (!clientHandover(before, after).keys) return [];
  const message = changesHands(before, after) ? formerOwnerSentence : administrationSentence;
  const old = new Set(thumbprints(before.jwks));
  const fields = [
    ...(thumbprints(after.jwks).some((each) => old.has(each)) ? ['jwks'] : []),
    ...(after.jwksUri !== undefined && isSameAddress(after.jwksUri, before.jwksUri) ? ['jwksUri'] : []),
  ];
  return fields.map((field) => ({ field, message }));
}

/**
 * The draft without the keys that end with it and that the change does not name. Those by which alone the client
 * authenticates stay in the draft, and are refused: nobody would know that it has no credentials any more.
 */
export function withoutEndedKeys<Draft extends ClientDraft>(
  before: Client,
  draft: Draft,
  isNamed: (name: 'jwks' | 'jwksUri') => boolean,
): Draft {
  if (!changesHands(before, draft) || before.source === 'metadata_document') return draft;
  const jwks = isNamed('jwks') ? draft.jwks : undefined;
  const jwksUri = isNamed('jwksUri') ? draft.jwksUri : undefined;
  const needsKeys = draft.authMethod === 'private_key_jwt' && jwks === undefined && !jwksUri;
  return needsKeys ? draft : { ...draft, jwks, jwksUri };
}

/**
 * A client whose owner is gone, and about which nobody decides: without the keys of the owner, and without the rights that
 * an administrator gave it for the time of this owner.
 */
export function releasedClient(client: Client): Client {
  const isKept = (scope: string): boolean => !isAdministrationScope(scope);
  const released: Client = {
    ...client,
    ownerId: undefined,
    scope: client.scope.filter(isKept),
    defaultScope: client.defaultScope.filter(isKept),
    grantTypes: client.grantTypes.filter((grantType) => grantType !== tokenExchangeGrant),
    serviceAccount: false,
    tokenExchange: [],
    consentRequired: true,
  };
  return clientHandover(client, released).keys ? { ...released, jwks: undefined, jwksUri: undefined } : released;
}

/** An administrator's client that nobody owns has credentials of administrators alone. */
function changesHands(before: Pick<Client, 'ownerId' | 'source'>, after: Pick<ClientDraft, 'ownerId'>): boolean {
  return after.ownerId !== before.ownerId && (before.ownerId !== undefined || before.source !== 'admin');
}

function keysEnd(before: Handed & Pick<Client, 'source'>, after: Handed, isHandedOver: boolean): boolean {
  // The keys of a metadata document belong to whoever publishes it, and come back with it.
  if (isHandedOver && before.source !== 'metadata_document') return true;
  const byKeys = (client: Handed): readonly string[] =>
    client.authMethod === 'private_key_jwt' ? administrationOf(client) : [];
  return hasAdded(byKeys(after), byKeys(before));
}

/** The gatehouse scopes that are good after a change and were not before. */
function added(before: Handed, after: Handed): readonly string[] {
  const old = administrationOf(before);
  return administrationOf(after).filter((scope) => !old.includes(scope));
}

/** It gets no tokens for itself any more, or only what any client gets (RFC 6749 4.4). */
function losesServiceAccount(before: Handed, after: Handed): boolean {
  const hasGrantType = (client: Handed): boolean => client.grantTypes.includes('client_credentials');
  return (before.serviceAccount && !after.serviceAccount) || (hasGrantType(before) && !hasGrantType(after));
}

/** The gatehouse scopes that are good: they are held back while the client has an owner. */
function administrationOf({ ownerId, scope }: Handed): readonly string[] {
  return ownerId === undefined ? scope.filter(isAdministrationScope) : [];
}

function hasAdded(after: readonly string[], before: readonly string[]): boolean {
  return after.some((each) => !before.includes(each));
}

function thumbprints(jwks: Client['jwks']): string[] {
  return (jwks?.keys ?? []).map(identityOf);
}

/** The thumbprint of the key as node:crypto writes it: zeros before a number do not make another key of it. */
function identityOf(jwk: Jwk): string {
  const key = readPublicKey(jwk)?.key.export({ format: 'jwk' });
  return key === undefined ? JSON.stringify(jwk) : jwkThumbprint(key);
}

function isSameAddress(one: string, other: string | undefined): boolean {
  if (other === undefined || !URL.canParse(one) || !URL.canParse(other)) return one === other;
  return new URL(one).href === new URL(other).href;
}
