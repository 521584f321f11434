import type { AuthorizationRequest } from './authorization-request.js';
import { claimRequestOf } from './claims-parameter.js';
import type { Client } from './client.js';

/**
 * Supported Authentication Context Class References (`acr`), strongest first.
 *
 * - `phr`: phishing-resistant; a key bound to this origin, and more than one factor (OpenID EAP ACR Values 1.0 4)
 * - PAPE `multi-factor`: more than one factor of any kind (OpenID PAPE 1.0 4)
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
 * Authentication methods as `amr` values (RFC 8176 2): password, one-time password, proof of possession of a key, user
 * presence, and multiple factors. `recovery` is specific to this server: a recovery code.
 */
export type AuthenticationMethod = 'pwd' | 'otp' | 'pop' | 'user' | 'mfa' | 'recovery';

/** The classes that a sign-in with these methods satisfies, strongest first. */
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
 * The `acr` value to return: the first requested class that the sign-in satisfies, otherwise the strongest.
 * @param preferred `acr_values` in order of preference (OpenID Connect Core 3.1.2.1)
 */
export function acrOf(amr: readonly string[], preferred: readonly string[] = []): string | undefined {
  const met = contextsOf(amr);
  return preferred.find((wish) => met.some((context) => context === wish)) ?? met[0];
}

/**
 * The methods after another authentication step: a password and an additional method are more than one factor (RFC 8176 2,
 * `mfa`).
 * @param added methods of this step; with `mfa` where the step itself had more than one factor
 */
export function addMethods(amr: readonly string[], added: readonly AuthenticationMethod[]): readonly string[] {
  const all = [...new Set([...amr, ...added])].filter((method) => method !== 'mfa');
  const isMany = amr.includes('mfa') || added.includes('mfa') || (all.includes('pwd') && all.length > 1);
  return isMany ? [...all, 'mfa'] : all;
}

/** What can require an authentication class: the request, or an administrator who requires a second factor for this client. */
export type AuthenticationRequirementSource = Pick<AuthorizationRequest, 'acrValues' | 'claims'>;

/** The client's requirements of a sign-in. */
export type AuthenticationRequiringClient = Pick<Client, 'secondFactorRequired'>;

/**
 * The requirements of a sign-in: each list is satisfied by any one of its members. `acr_values`, and a voluntary `acr` claim, are
 * optional in OpenID Connect, but known classes in them are enforced (RFC 9470 5) and unknown values ignored. Unknown values of an
 * essential claim are not ignored (OpenID Connect Core 5.5.1.1).
 */
export function authenticationRequirements(
  request: AuthenticationRequirementSource,
  client: AuthenticationRequiringClient,
): readonly (readonly string[])[] {
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

/** A second factor of any kind. */
export const anySecondFactor: readonly (readonly string[])[] = [[multiFactor]];

/** The requested values of `acr`, in order of preference. */
export function preferredContexts(request: AuthenticationRequirementSource): readonly string[] {
  return [...acrClaim(request).values, ...(request.acrValues ?? [])];
}

/** What the `claims` parameter requests for the ID token's `acr`. */
function acrClaim({ claims }: AuthenticationRequirementSource): {
  readonly essential: boolean;
  readonly values: readonly string[];
} {
  const asked = claimRequestOf(claims?.idToken, 'acr');
  const values = (asked?.values ?? []).filter((value): value is string => typeof value === 'string');
  return { essential: asked?.essential === true, values };
}

/** The requirements that a sign-in with these methods does not satisfy. */
export function unmetRequirements(
  demands: readonly (readonly string[])[],
  amr: readonly string[],
): readonly (readonly string[])[] {
  const met: readonly string[] = contextsOf(amr);
  return demands.filter((anyOf) => !anyOf.some((context) => met.includes(context)));
}

/** True where only a passkey can satisfy a requirement. */
export function requiresPasskey(unmet: readonly (readonly string[])[]): boolean {
  return unmet.some((anyOf) => anyOf.includes(phishingResistant) && !anyOf.includes(multiFactor));
}

function isKnown(context: string): boolean {
  return authenticationContexts.some((known) => known === context);
}
