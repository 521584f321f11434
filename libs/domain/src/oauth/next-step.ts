import type { EpochSeconds } from '../kernel/index.js';
import type { AuthorizationRequest } from './authorization-request.js';
import type { Client } from './client.js';
import { OAuthError } from './oauth-error.js';
import { isSubset, type Scope } from './scope.js';

/** What must happen before the client is answered. */
export type NextStep =
  | { readonly kind: 'login' }
  | { readonly kind: 'second-factor' }
  | { readonly kind: 'consent'; readonly missing: Scope }
  | { readonly kind: 'answer' }
  | { readonly kind: 'deny'; readonly error: OAuthError };

export interface NextStepInput {
  readonly request: AuthorizationRequest;
  readonly client: Pick<Client, 'consentRequired'>;
  /** Of this browser; `full` is false while a second factor is owed. */
  readonly session?: { readonly userId: string; readonly authTime: EpochSeconds; readonly full: boolean } | undefined;
  /** Of the session's person; undefined when it was removed or switched off. */
  readonly account?: { readonly secondFactorOwed: boolean } | undefined;
  /** What the person allowed this client before. */
  readonly consent?: { readonly scope: Scope } | undefined;
  /** What this very request has seen. */
  readonly progress: {
    readonly createdAt: EpochSeconds;
    readonly loggedInAt?: EpochSeconds | undefined;
    readonly consentedAt?: EpochSeconds | undefined;
  };
  readonly now: EpochSeconds;
}

/**
 * Decides what comes next in a login; the only place that does.
 * @see OpenID Connect Core 3.1.2.1 (prompt, max_age), 3.1.2.3, 3.1.2.4, 11 (offline_access needs consent)
 */
export function nextStep(input: NextStepInput): NextStep {
  const { request, session, account, progress } = input;
  const silent = request.prompt.includes('none');
  if (!session || (!account && session.full) || mustLogInAgain(input)) return silent ? deny('login_required', 'Nobody is logged in.') : { kind: 'login' };
  if (!session.full || account?.secondFactorOwed) {
    // A partial session is no session for a silent request: it must not even show that there is one.
    return silent ? deny('login_required', 'Nobody is logged in.') : { kind: 'second-factor' };
  }
  const missing = missingConsent(input);
  const consentAsked = request.prompt.includes('consent') && progress.consentedAt === undefined;
  if (missing.length > 0 || consentAsked) {
    return silent ? deny('consent_required', 'The person has not allowed this yet.') : { kind: 'consent', missing: consentAsked ? request.scope : missing };
  }
  return { kind: 'answer' };
}

function mustLogInAgain({ request, session, progress, now }: NextStepInput): boolean {
  if (!session) return true;
  // A login made for this very request answers every wish for a fresh one, however long the consent page was read.
  if (progress.loggedInAt !== undefined && session.authTime >= progress.loggedInAt) return false;
  if (request.prompt.includes('login') || request.prompt.includes('select_account')) return true;
  return request.maxAge !== undefined && now - session.authTime > request.maxAge;
}

/** Scopes that the person has not allowed yet. A request without any scope still asks once. */
function missingConsent({ request, client, consent }: NextStepInput): Scope {
  if (!client.consentRequired) return [];
  if (!consent) return request.scope.length > 0 ? request.scope : [''];
  return isSubset(request.scope, consent.scope) ? [] : request.scope.filter((scope) => !consent.scope.includes(scope));
}

function deny(code: 'login_required' | 'consent_required', description: string): NextStep {
  return { kind: 'deny', error: new OAuthError(code, description, { reason: `prompt_none.${code}` }) };
}
