import type { EpochSeconds } from '../kernel/index.js';
import {
  authenticationRequirements,
  type AuthenticationRequiringClient,
  multiFactorContext,
  phishingResistantContext,
  unmetRequirements,
} from './authentication-context.js';
import type { Client } from './client.js';
import { missingScopes, type AllowedScopes } from './consent.js';
import type { StepRequest } from './device-authorization.js';
import { OAuthError } from './oauth-error.js';
import { isAdministrationScope, isSubset, type Scope } from './scope.js';

/** The next step of an interaction. */
export type NextStep =
  | { readonly kind: 'login' }
  | { readonly kind: 'second-factor' }
  /** `missing`: scopes without consent; empty where the request has no scopes, or only claims lack consent. */
  | { readonly kind: 'consent'; readonly missing: Scope }
  | { readonly kind: 'answer' }
  | { readonly kind: 'deny'; readonly error: OAuthError };

export interface NextStepInput {
  readonly request: StepRequest;
  readonly client: AuthenticationRequiringClient & Pick<Client, 'consentRequired' | 'applicationType'>;
  /** The session of this browser with a user who exists and is enabled; `full` is false until a required second factor is given. */
  readonly session?:
    | {
        readonly userId: string;
        readonly authTime: EpochSeconds;
        readonly full: boolean;
        /** RFC 8176 */
        readonly amr: readonly string[];
      }
    | undefined;
  /** The user of a full session; undefined when deleted or disabled. */
  readonly account?: { readonly secondFactorMissing: boolean } | undefined;
  /** Supported values of `acr`: passkeys, for example, require a host name. */
  readonly supportedContexts: readonly string[];
  /** The user's previous consent to this client. */
  readonly consent?: (AllowedScopes & { readonly claims?: readonly string[] | undefined }) | undefined;
  /** Scopes that each requested API defines, by its identifier. */
  readonly definedScopes?: ReadonlyMap<string, Scope> | undefined;
  /** Requested claims about the user that no requested scope includes. */
  readonly claimsBeyondScope?: readonly string[] | undefined;
  /** True where the request specifies a `sub`, by a hint or in the `claims` parameter. */
  readonly subjectRequested?: boolean | undefined;
  /** True where it is not that of the session's user. */
  readonly otherSubject?: boolean | undefined;
  /** What has happened in this interaction. */
  readonly progress: {
    readonly createdAt: EpochSeconds;
    readonly loggedInAt?: EpochSeconds | undefined;
    readonly consentedAt?: EpochSeconds | undefined;
    /** When the session's user chose to continue with this account (`prompt=select_account`). */
    readonly selectedAt?: EpochSeconds | undefined;
    /** The subject of the request's `id_token_hint`, whose signature is verified. */
    readonly hintedUserId?: string | undefined;
  };
  readonly now: EpochSeconds;
}

/**
 * Determines the next step of an interaction; no other code decides it.
 * @see OpenID Connect Core 3.1.2.1 (prompt, max_age, id_token_hint, acr_values), 3.1.2.2 (sub), 3.1.2.3, 3.1.2.4, 5.5.1,
 *   11 (offline_access needs consent), RFC 9470 5 (step-up)
 */
export function nextStep(input: NextStepInput): NextStep {
  const demands = authenticationRequirements(input.request, input.client);
  // Fail first where a requirement cannot be met by any sign-in.
  if (demands.some((anyOf) => !anyOf.some((context) => input.supportedContexts.includes(context))))
    return denyUnmetRequirements();
  return input.request.prompt.includes('none') ? silentStep(input, demands) : shownStep(input, demands);
}

type Demands = ReturnType<typeof authenticationRequirements>;

/** The step for `prompt=none`, which shows no page. */
function silentStep(input: NextStepInput, demands: Demands): NextStep {
  const { session, account } = input;
  // A partial session counts as none: the response must not reveal that there is one.
  if (!session?.full || !account || account.secondFactorMissing) return notSignedIn();
  // A client without consent gets the same response as for a signed-out browser: any other would reveal who is signed in, since
  // when, and how.
  if (dependsOnUser(input, demands) && !isClientTrusted(input)) return notSignedIn();
  if (isOtherUser(input)) return otherUser();
  if (mustSignInAgain(input))
    return deny('login_required', 'The login is older than max_age allows.', 'prompt_none.max_age');
  const lacking = unmetRequirements(demands, session.amr);
  if (lacking.some((anyOf) => !isMetBySecondFactor(anyOf)) && signedInForRequest(input)) return denyUnmetRequirements();
  if (lacking.length > 0)
    return deny(
      'login_required',
      'The user must sign in with a method that acr_values or the client requires.',
      'prompt_none.acr',
    );
  return missingConsent(input)
    ? deny('consent_required', 'The user has not given consent to this request.', 'prompt_none.consent_required')
    : { kind: 'answer' };
}

function shownStep(input: NextStepInput, demands: Demands): NextStep {
  const { session, account } = input;
  const login: NextStep = { kind: 'login' };
  if (!session || (session.full && !account)) return login;
  // The user already signed in for this request with another account: asking again would loop.
  if (isOtherUser(input)) return signedInForRequest(input) ? otherUser() : login;
  if (mustSignInAgain(input)) return login;
  if (!session.full || account?.secondFactorMissing) return { kind: 'second-factor' };
  const lacking = unmetRequirements(demands, session.amr);
  if (lacking.some((anyOf) => !isMetBySecondFactor(anyOf)))
    return signedInForRequest(input) ? denyUnmetRequirements() : login;
  if (lacking.length > 0) return { kind: 'second-factor' };
  const missing = missingConsent(input);
  return missing ? { kind: 'consent', missing } : { kind: 'answer' };
}

/** True where the response depends on more than whether a user is signed in. */
function dependsOnUser({ request, progress, subjectRequested }: NextStepInput, demands: Demands): boolean {
  return (
    progress.hintedUserId !== undefined ||
    subjectRequested === true ||
    request.maxAge !== undefined ||
    demands.length > 0
  );
}

/** True where the user gave consent before, or an administrator waived it. */
function isClientTrusted({ client, consent }: NextStepInput): boolean {
  return consent !== undefined || !client.consentRequired;
}

function notSignedIn(): NextStep {
  return deny('login_required', 'Nobody is logged in.', 'prompt_none.login_required');
}

function otherUser(): NextStep {
  return deny('login_required', 'The requested user is not signed in.', 'id_token_hint.other_person');
}

/** Compares the user with the hint, or with the requested value of `sub`, which is equivalent (OpenID Connect Core 5.5.1). */
function isOtherUser({ session, progress, otherSubject }: NextStepInput): boolean {
  return (progress.hintedUserId !== undefined && progress.hintedUserId !== session?.userId) || otherSubject === true;
}

/** True where a second factor satisfies the requirement; otherwise a new sign-in is required (a password after a passkey). */
function isMetBySecondFactor(anyOf: readonly string[]): boolean {
  return anyOf.includes(multiFactorContext) || anyOf.includes(phishingResistantContext);
}

/** @see OpenID Connect Core Error Code unmet_authentication_requirements 1.0 */
function denyUnmetRequirements(): NextStep {
  return deny(
    'unmet_authentication_requirements',
    'The requested authentication method is not available.',
    'acr.unmet',
  );
}

function mustSignInAgain(input: NextStepInput): boolean {
  const { request, session, progress, now } = input;
  // A sign-in for this request satisfies prompt and max_age, however long the consent page was open.
  if (!session || signedInForRequest(input)) return false;
  const freshAsked = request.prompt.includes('login');
  // A sign-in in the same second may precede the request; a later one, in another tab, does not.
  if (freshAsked && session.authTime <= progress.createdAt) return true;
  // A choice is valid only for the sign-in in which it was made: another sign-in may be another user's.
  if (
    request.prompt.includes('select_account') &&
    !(progress.selectedAt !== undefined && session.authTime <= progress.selectedAt)
  )
    return true;
  // OpenID Connect Core 3.1.2.1 (errata 2): max_age=0 is prompt=login.
  if (request.maxAge === 0) return session.authTime <= progress.createdAt;
  // Both instants are truncated to seconds: a difference equal to max_age may actually exceed it.
  return request.maxAge !== undefined && now - session.authTime >= request.maxAge;
}

/** True when the session's sign-in was made on the login page of this request, or later. */
function signedInForRequest({ session, progress }: NextStepInput): boolean {
  return session !== undefined && progress.loggedInAt !== undefined && session.authTime >= progress.loggedInAt;
}

/**
 * The scopes that require consent; undefined where none is required. A waiver by an administrator also covers `offline_access`
 * (OpenID Connect Core 11: "other conditions … permitting offline access").
 */
function missingConsent(input: NextStepInput): Scope | undefined {
  const { request, client, consent } = input;
  if ((request.prompt.includes('consent') || requiresConsentEachTime(input)) && !consentedSinceSignIn(input))
    return request.scope;
  // Administration scopes require consent even where it is waived.
  if (!client.consentRequired && !request.scope.some(isAdministrationScope)) return undefined;
  // Consent is required once even without a scope: the client learns the user's identity.
  if (!consent) return request.scope;
  const missing = missingScopes(consent, { ...request, definedScopes: input.definedScopes });
  return missing === undefined && !isSubset(input.claimsBeyondScope ?? [], consent.claims ?? []) ? [] : missing;
}

/** Consent from before this sign-in may be another user's. */
function consentedSinceSignIn({ session, progress }: NextStepInput): boolean {
  return progress.consentedAt !== undefined && session !== undefined && progress.consentedAt >= session.authTime;
}

/**
 * True where any application on the user's device may receive the response: the first application that claims a loopback port or
 * a private-use scheme gets it, so earlier consent may have been for another one. The loopback URI of a web client is
 * matched exactly.
 * @see RFC 8252 8.6
 */
function requiresConsentEachTime({ request: { redirectUri }, client }: NextStepInput): boolean {
  if (redirectUri === undefined || !client.consentRequired || redirectUri.startsWith('https:')) return false;
  const { protocol } = new URL(redirectUri);
  return protocol !== 'http:' || client.applicationType === 'native';
}

function deny(
  code: 'login_required' | 'consent_required' | 'unmet_authentication_requirements',
  description: string,
  reason: string,
): NextStep {
  return { kind: 'deny', error: new OAuthError(code, description, { reason }) };
}
