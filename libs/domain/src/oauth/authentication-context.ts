import type { AuthorizationRequest } from './authorization-request.js';
import { claimRequestOf } from './claims-parameter.js';
import type { Client } from './client.js';

/**
 * The Authentication Context Class References (`acr`) that a login here can have, the strongest first.
 *
 * - `phr`: phishing-resistant; a key that answers to this origin alone, and more than one factor (OpenID EAP ACR Values 1.0 4)
 * - PAPE `multi-factor`: more than one factor of whatever kind (OpenID PAPE 1.0 4)
 * - SAML `PasswordProtectedTransport`: a password over a protected connection (SAML Authentication Context 3.4.2)
 *
 * @see OpenID Connect Core 2 (`acr`)
 */
export const authenticationContexts = [
  'phr',
  'http://schemas.openid.net/pape/policies/2007/06/multi-factor',
  'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport',
] as const;
export type AuthenticationContext = (typeof authenticationContexts)[number];

const [phishingResistant, multiFactor, password] = authenticationContexts;
export { multiFactor as multiFactorContext, phishingResistant as phishingResistantContext };

/**
 * Ways to prove who one is, as `amr` names them (RFC 8176 2): a password, a one-time password, proof of possession of a
 * key, a test of presence, and that it was more than one factor. `recovery` is our own: a one-time password from the
 * list of recovery codes.
 */
export type AuthenticationMethod = 'pwd' | 'otp' | 'pop' | 'user' | 'mfa' | 'recovery';

/** The classes that a login by these methods meets, the strongest first. */
export function contextsOf(amr: readonly string[]): readonly AuthenticationContext[] {
  return authenticationContexts.filter((context) => {
    switch (context) {
      case phishingResistant:
        return amr.includes('pop') && amr.includes('mfa');
      case multiFactor:
        return amr.includes('mfa');
      case password:
        return amr.includes('pwd');
    }
  });
}

/**
 * The `acr` to tell: of the classes that the login meets the one that was asked for first, else the strongest.
 * @param preferred `acr_values`, in the order of preference (OpenID Connect Core 3.1.2.1)
 */
export function acrOf(amr: readonly string[], preferred: readonly string[] = []): string | undefined {
  const met = contextsOf(amr);
  return preferred.find((wish) => met.some((context) => context === wish)) ?? met[0];
}

/**
 * The methods of a login that goes on: a password and what comes to it are more than one factor (RFC 8176 2, `mfa`).
 * @param added what was proved now; with `mfa` where it was more than one factor by itself
 */
export function addMethods(amr: readonly string[], added: readonly AuthenticationMethod[]): readonly string[] {
  const all = [...new Set([...amr, ...added])].filter((method) => method !== 'mfa');
  const isMany = amr.includes('mfa') || added.includes('mfa') || (all.includes('pwd') && all.length > 1);
  return isMany ? [...all, 'mfa'] : all;
}

/** What asks for a class of login: the request, and an administrator who wants more than one factor at this client. */
export type AuthenticationAsked = Pick<AuthorizationRequest, 'acrValues' | 'claims'>;

/** A client, by what its administrator wants of a sign-in. */
export type DemandingClient = Pick<Client, 'secondFactorRequired'>;

/**
 * What a login must meet: each list is met by any one of its members. `acr_values`, and the claim `acr` where it is
 * voluntary, are wishes; but what names a class that we know is asked for in earnest (RFC 9470 5), while values that we
 * never heard of are left aside. Of an essential claim they are not (OpenID Connect Core 5.5.1.1).
 */
export function contextDemands(request: AuthenticationAsked, client: DemandingClient): readonly (readonly string[])[] {
  const claim = acrClaim(request);
  const wishes = [request.acrValues ?? [], claim.essential ? [] : claim.values]
    .map((values) => values.filter(isKnown))
    .filter((known) => known.length > 0);
  return [
    ...(client.secondFactorRequired ? anySecondFactor : []),
    ...wishes,
    ...(claim.essential && claim.values.length > 0 ? [claim.values] : []),
  ];
}

/** A second factor of whatever kind. */
export const anySecondFactor: readonly (readonly string[])[] = [[multiFactor]];

/** The values of `acr` that the request would like to be told, in its order. */
export function preferredContexts(request: AuthenticationAsked): readonly string[] {
  return [...acrClaim(request).values, ...(request.acrValues ?? [])];
}

/** What `claims` asks of the ID token's `acr`. */
function acrClaim({ claims }: AuthenticationAsked): {
  readonly essential: boolean;
  readonly values: readonly string[];
} {
  const asked = claimRequestOf(claims?.idToken, 'acr');
  const values = (asked?.values ?? []).filter((value): value is string => typeof value === 'string');
  return { essential: asked?.essential === true, values };
}

/** Those of the demands that a login by these methods does not meet. */
export function unmetDemands(
  demands: readonly (readonly string[])[],
  amr: readonly string[],
): readonly (readonly string[])[] {
  const met: readonly string[] = contextsOf(amr);
  return demands.filter((anyOf) => !anyOf.some((context) => met.includes(context)));
}

/** True where only a passkey helps: one of the demands takes no other second factor. */
export function demandsPasskey(unmet: readonly (readonly string[])[]): boolean {
  return unmet.some((anyOf) => anyOf.includes(phishingResistant) && !anyOf.includes(multiFactor));
}

function isKnown(context: string): boolean {
  return authenticationContexts.some((known) => known === context);
}
