import fc from 'fast-check';
import { epochSeconds } from '../src/kernel/index.js';
import { authenticationContexts } from '../src/oauth/authentication-context.js';
import type { Prompt } from '../src/oauth/authorization-parameters.js';
import type { AuthorizationRequest } from '../src/oauth/authorization-request.js';
import { nextStep, type NextStep, type NextStepInput } from '../src/oauth/next-step.js';

// The request was received at 1000, and the current time is 1010.
export const arrived = 1000;
const now = epochSeconds(1010);

export interface Situation {
  readonly prompt?: readonly Prompt[];
  readonly maxAge?: number;
  readonly scope?: readonly string[];
  /** When the user of the session logged in; without it there is no session. */
  readonly authTime?: number;
  readonly partial?: true;
  /** The session's user was deleted or disabled. */
  readonly gone?: true;
  readonly factorOwed?: true;
  readonly consented?: readonly string[];
  readonly consentFree?: true;
  readonly hinted?: string;
  readonly loggedInAt?: number;
  readonly amr?: readonly string[];
  readonly acrValues?: readonly string[];
  readonly clientDemands?: true;
  /** The issuer is an IP address. */
  readonly noPasskeys?: true;
  readonly consentedAt?: number;
  readonly selectedAt?: number;
  readonly claims?: readonly string[];
  readonly claimsConsented?: readonly string[];
  readonly resources?: readonly string[];
  /** The allowed scopes by API. */
  readonly resourcesConsented?: Readonly<Record<string, readonly string[]>>;
  readonly otherSubject?: boolean;
  readonly native?: true;
  readonly redirectUri?: string;
}

export function inputOf(situation: Situation): NextStepInput {
  const request: AuthorizationRequest = {
    clientId: 'c',
    responseType: 'code',
    responseMode: 'query',
    redirectUri: situation.redirectUri ?? 'https://client.example.com/cb',
    redirectUriSent: true,
    scope: situation.scope ?? ['openid', 'profile'],
    prompt: situation.prompt ?? [],
    maxAge: situation.maxAge,
    acrValues: situation.acrValues,
    resources: situation.resources,
  };
  const at = (seconds: number | undefined) => (seconds === undefined ? undefined : epochSeconds(seconds));
  const authTime = at(situation.authTime);
  return {
    request,
    client: {
      consentRequired: !situation.consentFree,
      secondFactorRequired: situation.clientDemands ?? false,
      applicationType: situation.native ? 'native' : 'web',
    },
    supportedContexts: authenticationContexts.filter((context) => context !== 'phr' || !situation.noPasskeys),
    session:
      authTime === undefined
        ? undefined
        : { userId: 'ada', authTime, full: !situation.partial, amr: situation.amr ?? ['pwd'] },
    account: situation.gone || situation.partial ? undefined : { secondFactorMissing: situation.factorOwed ?? false },
    consent: situation.consented && {
      scope: situation.consented,
      claims: situation.claimsConsented,
      resourceScopes: new Map(Object.entries(situation.resourcesConsented ?? {})),
    },
    claimsBeyondScope: situation.claims,
    subjectRequested: situation.otherSubject !== undefined,
    otherSubject: situation.otherSubject,
    progress: {
      createdAt: epochSeconds(arrived),
      loggedInAt: at(situation.loggedInAt),
      consentedAt: at(situation.consentedAt),
      selectedAt: at(situation.selectedAt),
      hintedUserId: situation.hinted,
    },
    now,
  };
}

/** `consent profile`, `deny login_required`, or the kind alone. */
export function told(step: NextStep): string {
  if (step.kind === 'deny') return `deny ${step.error.code}`;
  return step.kind === 'consent' ? ['consent', ...step.missing].join(' ') : step.kind;
}

export const [phr, mfa, pwd] = authenticationContexts;
export const known = { authTime: 500, consented: ['openid', 'profile'] } as const;
export const none = ['none'] as const;
export const loopback = 'http://127.0.0.1:49152/cb';

const instant = fc.option(fc.integer({ min: 900, max: 1010 }), { nil: undefined });
/** An arbitrary situation, for property-based tests. */
export const situations = fc
  .record({
    prompt: fc.subarray<Prompt>(['login', 'consent', 'select_account']),
    maxAge: fc.option(fc.nat(200), { nil: undefined }),
    scope: fc.subarray(['openid', 'profile', 'offline_access']),
    authTime: instant,
    partial: fc.constantFrom(true, undefined),
    gone: fc.constantFrom(true, undefined),
    factorOwed: fc.constantFrom(true, undefined),
    consented: fc.option(fc.subarray(['openid', 'profile', 'offline_access']), { nil: undefined }),
    consentFree: fc.constantFrom(true, undefined),
    hinted: fc.constantFrom('ada', 'bob', undefined),
    loggedInAt: instant,
    consentedAt: instant,
    selectedAt: instant,
    claims: fc.option(fc.subarray(['email', 'name']), { nil: undefined }),
    otherSubject: fc.option(fc.boolean(), { nil: undefined }),
    amr: fc.constantFrom(['pwd'], ['pwd', 'otp', 'mfa'], ['pop', 'user', 'mfa']),
    acrValues: fc.option(fc.subarray([...authenticationContexts, 'other']), { nil: undefined }),
    clientDemands: fc.constantFrom(true, undefined),
    noPasskeys: fc.constantFrom(true, undefined),
    native: fc.constantFrom(true, undefined),
    redirectUri: fc.constantFrom(loopback, undefined),
  })
  .map((drawn) => JSON.parse(JSON.stringify(drawn)) as Situation);

/** The error and its description in the response to a request with prompt=none. */
export const reasonOf = (situation: Situation): string => {
  const step = nextStep(inputOf({ ...situation, prompt: none }));
  return step.kind === 'deny' ? `${step.error.code}: ${step.error.description}` : told(step);
};
