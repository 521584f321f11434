import type { EpochSeconds } from '../kernel/index.js';
import {
  contextDemands,
  type DemandingClient,
  multiFactorContext,
  phishingResistantContext,
  unmetDemands,
} from './authentication-context.js';
import type { Client } from './client.js';
import { missingScopes, type AllowedScopes } from './consent.js';
import type { StepRequest } from './device-authorization.js';
import { OAuthError } from './oauth-error.js';
import { isAdministrationScope, isSubset, type Scope } from './scope.js';

/** What must happen before the client is answered. */
export type NextStep =
  | { readonly kind: 'login' }
  | { readonly kind: 'second-factor' }
  /** `missing`: scopes that the person has not allowed yet; empty where the request asks for none at all, or for claims alone. */
  | { readonly kind: 'consent'; readonly missing: Scope }
  | { readonly kind: 'answer' }
  | { readonly kind: 'deny'; readonly error: OAuthError };

export interface NextStepInput {
  readonly request: StepRequest;
  readonly client: DemandingClient & Pick<Client, 'consentRequired' | 'applicationType'>;
  /** Of this browser, and of a person who is neither removed nor switched off; `full` is false while a second factor is owed. */
  readonly session?:
    | {
        readonly userId: string;
        readonly authTime: EpochSeconds;
        readonly full: boolean;
        /** RFC 8176 */
        readonly amr: readonly string[];
      }
    | undefined;
  /** Of the session's person, where the session is full; undefined when it was removed or switched off. */
  readonly account?: { readonly secondFactorOwed: boolean } | undefined;
  /** The values of `acr` that a login here can have: without a host name there are no passkeys. */
  readonly supportedContexts: readonly string[];
  /** What the person allowed this client before. */
  readonly consent?: (AllowedScopes & { readonly claims?: readonly string[] | undefined }) | undefined;
  /** Scopes that each requested API defines, by its identifier. */
  readonly definedScopes?: ReadonlyMap<string, Scope> | undefined;
  /** Names of claims about the person that the request asks for and none of its scopes does. */
  readonly claimsBeyondScope?: readonly string[] | undefined;
  /** True where the request names a `sub`, by a hint or in the `claims` parameter, whoever it is. */
  readonly subjectRequested?: boolean | undefined;
  /** True where it is not that of the session's person. */
  readonly otherSubject?: boolean | undefined;
  /** What this very request has seen. */
  readonly progress: {
    readonly createdAt: EpochSeconds;
    readonly loggedInAt?: EpochSeconds | undefined;
    readonly consentedAt?: EpochSeconds | undefined;
    /** When the person of the session chose to go on with this account (`prompt=select_account`). */
    readonly selectedAt?: EpochSeconds | undefined;
    /** The subject of the request's `id_token_hint`, once its signature was found to be ours. */
    readonly hintedUserId?: string | undefined;
  };
  readonly now: EpochSeconds;
}

/**
 * Decides what comes next in a login; the only place that does.
 * @see OpenID Connect Core 3.1.2.1 (prompt, max_age, id_token_hint, acr_values), 3.1.2.2 (sub), 3.1.2.3, 3.1.2.4, 5.5.1,
 *   11 (offline_access needs consent), RFC 9470 5 (step-up)
 */
export function nextStep(input: NextStepInput): NextStep {
  const demands = contextDemands(input.request, input.client);
  // Nobody is asked for anything in vain.
  if (demands.some((anyOf) => !anyOf.some((context) => input.supportedContexts.includes(context)))) return unmet();
  return input.request.prompt.includes('none') ? silentStep(input, demands) : shownStep(input, demands);
}

type Demands = ReturnType<typeof contextDemands>;

/** The answer to `prompt=none`, which shows no page. */
function silentStep(input: NextStepInput, demands: Demands): NextStep {
  const { session, account } = input;
  // A partial session is none here: the answer must not even show that there is one.
  if (!session?.full || !account || account.secondFactorOwed) return nobody();
  // A client that this person never allowed anything gets the answer of a signed-out browser: any other would tell it who is
  // signed in, since when, and how.
  if (asksAboutPerson(input, demands) && !isClientTrusted(input)) return nobody();
  if (isOtherPerson(input)) return otherPerson();
  if (mustLogInAgain(input))
    return deny('login_required', 'The login is older than max_age allows.', 'prompt_none.max_age');
  const lacking = unmetDemands(demands, session.amr);
  if (lacking.some((anyOf) => !helpedBySecondFactor(anyOf)) && loggedInForThis(input)) return unmet();
  if (lacking.length > 0)
    return deny(
      'login_required',
      'The person must log in with a method that acr_values or the client demands.',
      'prompt_none.acr',
    );
  return missingConsent(input)
    ? deny('consent_required', 'The person has not allowed this yet.', 'prompt_none.consent_required')
    : { kind: 'answer' };
}

function shownStep(input: NextStepInput, demands: Demands): NextStep {
  const { session, account } = input;
  const login: NextStep = { kind: 'login' };
  if (!session || (session.full && !account)) return login;
  // Asked once, and somebody else answered: asking again would never end.
  if (isOtherPerson(input)) return loggedInForThis(input) ? otherPerson() : login;
  if (mustLogInAgain(input)) return login;
  if (!session.full || account?.secondFactorOwed) return { kind: 'second-factor' };
  const lacking = unmetDemands(demands, session.amr);
  if (lacking.some((anyOf) => !helpedBySecondFactor(anyOf))) return loggedInForThis(input) ? unmet() : login;
  if (lacking.length > 0) return { kind: 'second-factor' };
  const missing = missingConsent(input);
  return missing ? { kind: 'consent', missing } : { kind: 'answer' };
}

/** True where the answer depends on more than whether somebody is logged in. */
function asksAboutPerson({ request, progress, subjectRequested }: NextStepInput, demands: Demands): boolean {
  return (
    progress.hintedUserId !== undefined ||
    subjectRequested === true ||
    request.maxAge !== undefined ||
    demands.length > 0
  );
}

/** By the person, who allowed it something before, or by an administrator, who waived the consent. */
function isClientTrusted({ client, consent }: NextStepInput): boolean {
  return consent !== undefined || !client.consentRequired;
}

function nobody(): NextStep {
  return deny('login_required', 'Nobody is logged in.', 'prompt_none.login_required');
}

function otherPerson(): NextStep {
  return deny('login_required', 'The person who is asked for is not logged in.', 'id_token_hint.other_person');
}

/** Of a hint, or of a `sub` that the request asks for by value, which is the same wish (OpenID Connect Core 5.5.1). */
function isOtherPerson({ session, progress, otherSubject }: NextStepInput): boolean {
  return (progress.hintedUserId !== undefined && progress.hintedUserId !== session?.userId) || otherSubject === true;
}

/** A second factor adds to a login; what it does not add (a password where a passkey was used) only another login does. */
function helpedBySecondFactor(anyOf: readonly string[]): boolean {
  return anyOf.includes(multiFactorContext) || anyOf.includes(phishingResistantContext);
}

/** @see OpenID Connect Core Error Code unmet_authentication_requirements 1.0 */
function unmet(): NextStep {
  return deny(
    'unmet_authentication_requirements',
    'The way to log in that is asked for is not available.',
    'acr.unmet',
  );
}

function mustLogInAgain(input: NextStepInput): boolean {
  const { request, session, progress, now } = input;
  // A login made for this very request answers every wish for a fresh one, however long the consent page was read.
  if (!session || loggedInForThis(input)) return false;
  const freshAsked = request.prompt.includes('login');
  // One made in the second in which the request came may have been before it; a later one, in another tab, was after.
  if (freshAsked && session.authTime <= progress.createdAt) return true;
  // A choice holds for the login that it was made in: another one may be another person's.
  if (
    request.prompt.includes('select_account') &&
    !(progress.selectedAt !== undefined && session.authTime <= progress.selectedAt)
  )
    return true;
  // OpenID Connect Core 3.1.2.1 (errata 2): max_age=0 is prompt=login.
  if (request.maxAge === 0) return session.authTime <= progress.createdAt;
  // Both instants lost their fractions: a difference that equals max_age may be more of it than was allowed.
  return request.maxAge !== undefined && now - session.authTime >= request.maxAge;
}

/** True when the session's login was made on the login page of this request, or later. */
function loggedInForThis({ session, progress }: NextStepInput): boolean {
  return session !== undefined && progress.loggedInAt !== undefined && session.authTime >= progress.loggedInAt;
}

/**
 * The scopes to ask for; undefined where nothing is to be asked. A client that an administrator let go without the
 * page needs none for `offline_access` either (OpenID Connect Core 11: "other conditions … permitting offline access").
 */
function missingConsent(input: NextStepInput): Scope | undefined {
  const { request, client, consent } = input;
  if ((request.prompt.includes('consent') || asksEachTime(input)) && !consentedForThis(input)) return request.scope;
  // Who may change everything here asks for it each first time, whatever was given to the client.
  if (!client.consentRequired && !request.scope.some(isAdministrationScope)) return undefined;
  // Without any scope the person is still asked once: the client learns who they are.
  if (!consent) return request.scope;
  const missing = missingScopes(consent, { ...request, definedScopes: input.definedScopes });
  return missing === undefined && !isSubset(input.claimsBeyondScope ?? [], consent.claims ?? []) ? [] : missing;
}

/** A yes from before this login may be another person's. */
function consentedForThis({ session, progress }: NextStepInput): boolean {
  return progress.consentedAt !== undefined && session !== undefined && progress.consentedAt >= session.authTime;
}

/**
 * True where any application on the person's device may receive the answer: a loopback port and a private-use scheme belong to
 * whichever application takes them first, so an earlier consent may have been given to another one. A web client has its loopback
 * URI registered exactly.
 * @see RFC 8252 8.6
 */
function asksEachTime({ request: { redirectUri }, client }: NextStepInput): boolean {
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
