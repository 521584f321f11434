import fc from 'fast-check';
import { epochSeconds } from '../kernel/index.js';
import { authenticationContexts, contextsOf } from './authentication-context.js';
import type { Prompt } from './authorization-parameters.js';
import type { AuthorizationRequest } from './authorization-request.js';
import { nextStep, type NextStep, type NextStepInput } from './next-step.js';

// The request came at 1000, and it is 1010 now.
const arrived = 1000;
const now = epochSeconds(1010);

interface Situation {
  readonly prompt?: readonly Prompt[];
  readonly maxAge?: number;
  readonly scope?: readonly string[];
  /** When the session's person logged in; without it there is no session. */
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
  /** Scopes by the API that they were allowed at. */
  readonly resourcesConsented?: Readonly<Record<string, readonly string[]>>;
  readonly otherSubject?: boolean;
  readonly native?: true;
  readonly redirectUri?: string;
}

function inputOf(situation: Situation): NextStepInput {
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
function told(step: NextStep): string {
  if (step.kind === 'deny') return `deny ${step.error.code}`;
  return step.kind === 'consent' ? ['consent', ...step.missing].join(' ') : step.kind;
}

const [phr, mfa, pwd] = authenticationContexts;
const known = { authTime: 500, consented: ['openid', 'profile'] } as const;
const none = ['none'] as const;
const loopback = 'http://127.0.0.1:49152/cb';

describe('nextStep', () => {
  it.each<[string, Situation, string, string]>([
    // what is the case, in which situation, the next step, and the answer to prompt=none
    ['nobody is here', {}, 'login', 'deny login_required'],
    ['nobody is here, and the client needs no consent', { consentFree: true }, 'login', 'deny login_required'],
    [
      'the client needs no consent, and asks to administrate',
      { ...known, consentFree: true, scope: ['openid', 'gatehouse:read'] },
      'consent gatehouse:read',
      'deny consent_required',
    ],
    ['the person was removed meanwhile', { ...known, gone: true }, 'login', 'deny login_required'],
    [
      'a password was given and a second factor is owed',
      { ...known, partial: true },
      'second-factor',
      'deny login_required',
    ],
    [
      'a role demands a factor of a full session',
      { ...known, factorOwed: true },
      'second-factor',
      'deny login_required',
    ],
    [
      'a factor is owed before consent is asked',
      { authTime: 500, partial: true },
      'second-factor',
      'deny login_required',
    ],
    [
      'the client demands more than a password',
      { ...known, clientDemands: true },
      'second-factor',
      'deny login_required',
    ],
    ['... and got it', { ...known, clientDemands: true, amr: ['pwd', 'otp', 'mfa'] }, 'answer', 'answer'],
    ['... by a passkey alone', { ...known, clientDemands: true, amr: ['pop', 'user', 'mfa'] }, 'answer', 'answer'],
    [
      'acr_values asks for more than a password',
      { ...known, acrValues: [mfa] },
      'second-factor',
      'deny login_required',
    ],
    ['... or is content with one', { ...known, acrValues: [mfa, pwd] }, 'answer', 'answer'],
    ['... and a passkey is more still', { ...known, acrValues: [mfa], amr: ['pwd', 'pop', 'mfa'] }, 'answer', 'answer'],
    [
      'acr_values asks for a passkey, and there was a code',
      { ...known, acrValues: [phr], amr: ['pwd', 'otp', 'mfa'] },
      'second-factor',
      'deny login_required',
    ],
    [
      'acr_values asks for a passkey where there can be none',
      { ...known, acrValues: [phr], noPasskeys: true },
      'deny unmet_authentication_requirements',
      'deny unmet_authentication_requirements',
    ],
    [
      '... of nobody yet',
      { acrValues: [phr], noPasskeys: true },
      'deny unmet_authentication_requirements',
      'deny unmet_authentication_requirements',
    ],
    [
      '... or for less where that is more than there is',
      { ...known, acrValues: [phr, mfa], noPasskeys: true },
      'second-factor',
      'deny login_required',
    ],
    ['acr_values that nobody knows are a wish', { ...known, acrValues: ['1', '2'] }, 'answer', 'answer'],
    [
      'acr_values asks for a password, and there was a passkey',
      { ...known, acrValues: [pwd], amr: ['pop', 'user', 'mfa'] },
      'login',
      'deny login_required',
    ],
    [
      '... and again a passkey for this very request',
      { ...known, authTime: 1005, loggedInAt: 1005, acrValues: [pwd], amr: ['pop', 'user', 'mfa'] },
      'deny unmet_authentication_requirements',
      'deny unmet_authentication_requirements',
    ],
    ['nothing was allowed yet', { authTime: 500 }, 'consent openid profile', 'deny consent_required'],
    ['a part was allowed', { authTime: 500, consented: ['openid'] }, 'consent profile', 'deny consent_required'],
    [
      'other scopes were allowed',
      { authTime: 500, consented: ['email'] },
      'consent openid profile',
      'deny consent_required',
    ],
    ['everything was allowed', known, 'answer', 'answer'],
    ['more was allowed', { authTime: 500, consented: ['email', 'profile', 'openid'] }, 'answer', 'answer'],
    ['no scope is asked for, the first time', { authTime: 500, scope: [] }, 'consent', 'deny consent_required'],
    ['no scope is asked for, later', { authTime: 500, scope: [], consented: [] }, 'answer', 'answer'],
    ['an administrator let the client go without consent', { authTime: 500, consentFree: true }, 'answer', 'answer'],
    [
      'offline access was not allowed',
      { ...known, scope: ['openid', 'offline_access'] },
      'consent offline_access',
      'deny consent_required',
    ],
    [
      'offline access was allowed',
      { authTime: 500, scope: ['openid', 'offline_access'], consented: ['openid', 'offline_access'] },
      'answer',
      'answer',
    ],
    ['max_age is kept: 510 seconds of 511', { ...known, maxAge: 511 }, 'answer', 'answer'],
    ['max_age is passed, or may be', { ...known, maxAge: 510 }, 'login', 'deny login_required'],
    [
      'max_age is passed, and a factor is owed: a login first',
      { ...known, maxAge: 60, partial: true },
      'login',
      'deny login_required',
    ],
    ['max_age=0 is prompt=login', { ...known, maxAge: 0 }, 'login', 'deny login_required'],
    [
      'max_age=0 in the very second of an older login',
      { ...known, authTime: arrived, maxAge: 0 },
      'login',
      'deny login_required',
    ],
    [
      'max_age is passed while the consent page of this login was read',
      { ...known, authTime: 1001, loggedInAt: 1001, maxAge: 1 },
      'answer',
      'answer',
    ],
    [
      'max_age is passed by a login in another tab',
      { ...known, authTime: 1001, maxAge: 1 },
      'login',
      'deny login_required',
    ],
    [
      "this request's login is older than the session's: max_age",
      { ...known, authTime: 1002, loggedInAt: 1001, maxAge: 1 },
      'answer',
      'answer',
    ],
    [
      "this request's login was in a session that is gone",
      { ...known, authTime: 500, loggedInAt: 1001, maxAge: 60 },
      'login',
      'deny login_required',
    ],
    ['the hinted person is here', { ...known, hinted: 'ada' }, 'answer', 'answer'],
    ['another person than the hinted one is here', { ...known, hinted: 'bob' }, 'login', 'deny login_required'],
    [
      'another person than the hinted one is half here',
      { ...known, partial: true, hinted: 'bob' },
      'login',
      'deny login_required',
    ],
    [
      'another sub than that of who is here is asked for',
      { ...known, otherSubject: true },
      'login',
      'deny login_required',
    ],
    [
      'another sub than that of who logged in for this request is asked for',
      { ...known, authTime: 1001, loggedInAt: 1001, otherSubject: true },
      'deny login_required',
      'deny login_required',
    ],
    [
      'a claim beyond the scopes was not allowed',
      { ...known, claims: ['phone_number'] },
      'consent',
      'deny consent_required',
    ],
    [
      'another claim was allowed, and a scope was not',
      { authTime: 500, consented: ['openid'], claims: ['email'], claimsConsented: ['name'] },
      'consent profile',
      'deny consent_required',
    ],
    [
      'the claims beyond the scopes were allowed',
      { ...known, claims: ['email'], claimsConsented: ['name', 'email'] },
      'answer',
      'answer',
    ],
    [
      'the same scope was allowed, at another API (RFC 8707 3)',
      {
        ...known,
        scope: ['openid', 'read'],
        resources: ['urn:b'],
        resourcesConsented: { 'urn:a': ['read'], 'urn:b': ['write'] },
      },
      'consent read',
      'deny consent_required',
    ],
    [
      'the scopes of this server were allowed, and the API was not',
      { ...known, resources: ['urn:b'], resourcesConsented: { 'urn:a': [] } },
      'consent',
      'deny consent_required',
    ],
    [
      'the API was allowed',
      { ...known, scope: ['openid', 'read'], resources: ['urn:a'], resourcesConsented: { 'urn:a': ['read'] } },
      'answer',
      'answer',
    ],
    [
      'a client without consent asks for claims beyond the scopes',
      { authTime: 500, consentFree: true, claims: ['email'] },
      'answer',
      'answer',
    ],
    [
      'a native client on a loopback port, allowed before (RFC 8252 8.6)',
      { ...known, native: true, redirectUri: loopback },
      'consent openid profile',
      'deny consent_required',
    ],
    [
      '... allowed for this very request',
      { ...known, native: true, redirectUri: loopback, consentedAt: 1005 },
      'answer',
      'answer',
    ],
    [
      '... allowed for this very request, before another person logged in',
      { ...known, native: true, redirectUri: loopback, consentedAt: 400 },
      'consent openid profile',
      'deny consent_required',
    ],
    [
      'a native client with a private-use scheme, allowed before',
      { ...known, native: true, redirectUri: 'com.example.app:/cb' },
      'consent openid profile',
      'deny consent_required',
    ],
    [
      'a client that calls itself a web client, with a private-use scheme',
      { ...known, redirectUri: 'com.example.app:/cb' },
      'consent openid profile',
      'deny consent_required',
    ],
    [
      'a native client with a claimed https address, allowed before (RFC 8252 7.2)',
      { ...known, native: true },
      'answer',
      'answer',
    ],
    ['a web client on a loopback address, allowed before', { ...known, redirectUri: loopback }, 'answer', 'answer'],
    [
      'a native client that an administrator lets go without consent',
      { authTime: 500, native: true, redirectUri: loopback, consentFree: true },
      'answer',
      'answer',
    ],
    ['nobody is here, and somebody is hinted', { hinted: 'bob' }, 'login', 'deny login_required'],
    [
      'another person than the hinted one logged in for this request',
      { ...known, authTime: 1001, loggedInAt: 1001, hinted: 'bob' },
      'deny login_required',
      'deny login_required',
    ],
  ])('%s', (_name, situation, expected, silently) => {
    expect(told(nextStep(inputOf(situation)))).toBe(expected);
    expect(told(nextStep(inputOf({ ...situation, prompt: none })))).toBe(silently);
  });

  it.each<[string, Situation, string]>([
    ['prompt=login, and nobody is here', { prompt: ['login'] }, 'login'],
    ['prompt=login, and an old session', { ...known, prompt: ['login'] }, 'login'],
    [
      'prompt=login, and a login in the second in which the request came',
      { ...known, authTime: arrived, prompt: ['login'] },
      'login',
    ],
    [
      'prompt=login, and the login of this request in that second',
      { ...known, authTime: arrived, loggedInAt: arrived, prompt: ['login'] },
      'answer',
    ],
    [
      'prompt=login, and the login of this request',
      { ...known, authTime: 1005, loggedInAt: 1005, prompt: ['login'] },
      'answer',
    ],
    ['prompt=login, and a later login in another tab', { ...known, authTime: 1005, prompt: ['login'] }, 'answer'],
    [
      'prompt=login, and the second factor came after the password',
      { ...known, authTime: 1008, loggedInAt: 1005, prompt: ['login'] },
      'answer',
    ],
    [
      'prompt=login, and the password was right and a factor is owed',
      { ...known, authTime: 1005, loggedInAt: 1005, partial: true, prompt: ['login'] },
      'second-factor',
    ],
    ['prompt=login with max_age kept', { ...known, prompt: ['login'], maxAge: 9999 }, 'login'],
    ['prompt=select_account asks for a choice', { ...known, prompt: ['select_account'] }, 'login'],
    [
      'prompt=select_account, even of a login in another tab since',
      { ...known, authTime: 1005, prompt: ['select_account'] },
      'login',
    ],
    ['prompt=select_account, and the choice', { ...known, selectedAt: 1005, prompt: ['select_account'] }, 'answer'],
    [
      'prompt=select_account, and a choice from before this login, which may be another person',
      { ...known, authTime: 1006, selectedAt: 1005, prompt: ['select_account'] },
      'login',
    ],
    [
      'prompt="login select_account": a choice is no fresh login',
      { ...known, selectedAt: 1005, prompt: ['login', 'select_account'] },
      'login',
    ],
    [
      'prompt=select_account with max_age passed: a choice is no fresh login',
      { ...known, selectedAt: 1005, maxAge: 60, prompt: ['select_account'] },
      'login',
    ],
    [
      'prompt=select_account, and the login of this request',
      { ...known, authTime: 1005, loggedInAt: 1005, prompt: ['select_account'] },
      'answer',
    ],
    ['prompt=consent, and nobody is here', { prompt: ['consent'] }, 'login'],
    ['prompt=consent asks for all again', { ...known, prompt: ['consent'] }, 'consent openid profile'],
    ['prompt=consent, and the yes to this request', { ...known, consentedAt: 1005, prompt: ['consent'] }, 'answer'],
    [
      'prompt=consent, and a yes that was withdrawn since',
      { authTime: 500, consentedAt: 1005, prompt: ['consent'] },
      'consent openid profile',
    ],
    [
      'prompt=consent, and a yes from before this login, which may be another person',
      { ...known, authTime: 1006, consentedAt: 1005, prompt: ['consent'] },
      'consent openid profile',
    ],
    [
      'prompt=consent of a client that needs none: it asked',
      { ...known, consentFree: true, prompt: ['consent'] },
      'consent openid profile',
    ],
    [
      'prompt=consent of a client that needs none, and the yes',
      { authTime: 500, consentFree: true, consentedAt: 1005, prompt: ['consent'] },
      'answer',
    ],
    ['prompt="login consent", first', { ...known, prompt: ['login', 'consent'] }, 'login'],
    [
      'prompt="login consent", then',
      { ...known, authTime: 1005, loggedInAt: 1005, prompt: ['login', 'consent'] },
      'consent openid profile',
    ],
    [
      'prompt="login consent", at last',
      { ...known, authTime: 1005, loggedInAt: 1005, consentedAt: 1007, prompt: ['login', 'consent'] },
      'answer',
    ],
  ])('%s', (_name, situation, expected) => {
    expect(told(nextStep(inputOf(situation)))).toBe(expected);
  });

  const instant = fc.option(fc.integer({ min: 900, max: 1010 }), { nil: undefined });
  const situations = fc
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

  it('shows no page to prompt=none', () => {
    fc.assert(
      fc.property(situations, (situation) => {
        expect(nextStep(inputOf({ ...situation, prompt: none })).kind).toMatch(/^(answer|deny)$/);
      }),
    );
  });

  const reasonOf = (situation: Situation): string => {
    const step = nextStep(inputOf({ ...situation, prompt: none }));
    return step.kind === 'deny' ? `${step.error.code}: ${step.error.description}` : told(step);
  };

  it.each<[string, Situation, string]>([
    ['nobody is here', {}, 'login_required: Nobody is logged in.'],
    ['a second factor is owed', { ...known, partial: true }, 'login_required: Nobody is logged in.'],
    ['a role demands a factor', { ...known, factorOwed: true }, 'login_required: Nobody is logged in.'],
    [
      'a second factor is owed by another person than the hinted one',
      { ...known, partial: true, hinted: 'bob' },
      'login_required: Nobody is logged in.',
    ],
    [
      'acr_values asks for more than there was (RFC 9470 5)',
      { ...known, acrValues: [mfa] },
      'login_required: The user must sign in with a method that acr_values or the client requires.',
    ],
    [
      'the client demands more than there was',
      { ...known, clientDemands: true },
      'login_required: The user must sign in with a method that acr_values or the client requires.',
    ],
    ['the login is too old', { ...known, maxAge: 60 }, 'login_required: The login is older than max_age allows.'],
    ['another person is hinted', { ...known, hinted: 'bob' }, 'login_required: The requested user is not signed in.'],
    ['nothing was allowed yet', { authTime: 500 }, 'consent_required: The user has not given consent to this request.'],
  ])('says to prompt=none what is missing: %s', (_name, situation, expected) => {
    expect(reasonOf(situation)).toBe(expected);
  });

  it('tells a client that the person allowed nothing no more about them than if nobody were here', () => {
    fc.assert(
      fc.property(situations, (drawn) => {
        const { consented: _consented, consentFree: _free, ...situation } = drawn;
        const { authTime: _authTime, ...absent } = situation;
        const asksAboutPerson =
          situation.hinted !== undefined ||
          situation.otherSubject !== undefined ||
          situation.maxAge !== undefined ||
          situation.clientDemands === true ||
          (situation.acrValues ?? []).some((value) => value !== 'other');
        if (asksAboutPerson) expect(reasonOf(situation)).toBe(reasonOf(absent));
        else expect(reasonOf(situation)).toMatch(/^(login_required: Nobody is logged in|consent_required: )/);
      }),
      { numRuns: 2000 },
    );
  });

  it('answers only a full session of a living account, whose consent covers the scope where it must', () => {
    fc.assert(
      fc.property(situations, (situation) => {
        if (nextStep(inputOf(situation)).kind !== 'answer') return;
        const { session, account, consent, client, request } = inputOf(situation);
        expect(session?.full).toBe(true);
        expect(account?.secondFactorMissing).toBe(false);
        const met: readonly string[] = contextsOf(session?.amr ?? []);
        if (client.secondFactorRequired) expect(met).toContain(mfa);
        const asked = (request.acrValues ?? []).filter((value) => value !== 'other');
        if (asked.length > 0) expect(asked.some((value) => met.includes(value))).toBe(true);
        if (!client.consentRequired) return;
        expect(consent?.scope).toEqual(expect.arrayContaining([...request.scope]));
        expect(consent?.claims ?? []).toEqual(expect.arrayContaining([...(situation.claims ?? [])]));
      }),
      { numRuns: 2000 },
    );
  });

  it('ends: whoever does what each page asks is answered or denied within three pages or four', () => {
    fc.assert(
      fc.property(situations, (start) => {
        let situation = start;
        const steps: string[] = [];
        for (let page = 0; page < 5; page++) {
          const step = nextStep(inputOf(situation));
          steps.push(step.kind);
          if (step.kind === 'answer' || step.kind === 'deny') return;
          const { gone: _gone, partial, factorOwed, ...rest } = situation;
          const owed = partial || factorOwed;
          if (step.kind === 'login')
            situation = { ...rest, authTime: 1010, loggedInAt: 1010, amr: ['pwd'], ...(owed ? { partial: owed } : {}) };
          else if (step.kind === 'second-factor')
            situation = { ...rest, authTime: 1010, amr: [...(rest.amr ?? ['pwd']), 'pop', 'mfa'] };
          else
            situation = {
              ...situation,
              consentedAt: 1010,
              consented: inputOf(situation).request.scope,
              claimsConsented: situation.claims ?? [],
            };
        }
        throw new Error(`no end: ${steps.join(' ')}`);
      }),
      { numRuns: 2000 },
    );
  });
});
