import { Inject, Injectable } from '@nestjs/common';
import { acrOf, addMethods, type AuthenticationMethod } from '@gatehouse/domain/oauth';
import { Store, type Unit } from '@gatehouse/platform/database/store';
import type { SetCookie } from '@gatehouse/platform/http/reply';
import { AuditService } from '../../audit/audit.service.js';
import type { Session } from '../sessions/session.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { LoginThrottle, throttledEvent, type StoredBucket } from '../throttling/login-throttle.service.js';
import type { RequestContext } from '../sessions/request-context.js';
import { RequestContexts } from '../sessions/request-contexts.service.js';
import { Ceremonies } from './ceremonies.service.js';
import { RecoveryCodes } from './recovery-codes.service.js';
import { plainCode } from './totp.js';
import { TotpFactors } from './totp.service.js';
import { TrustedBrowsers } from './trusted-browsers.service.js';

/** A context of somebody whose password was right, whether or not a second factor is still owed. */
export type SessionVisit = RequestContext & { readonly session: Session };

export type FactorOutcome =
  | { readonly kind: 'proved'; readonly cookies: readonly SetCookie[] }
  | { readonly kind: 'wrong' }
  | { readonly kind: 'throttled' }
  /** The session ended meanwhile: the login begins again. */
  | { readonly kind: 'ended' };

interface Proved {
  readonly methods: readonly AuthenticationMethod[];
  /** `totp`, `recovery` or a passkey's id, for the audit log. */
  readonly factor: string;
  readonly trustDays: number;
  readonly counted: readonly StoredBucket[];
  /** Spends what was shown; false when somebody else did before. */
  spend(unit: Unit): Promise<boolean>;
}

/** Proves a second factor of the session's person: the session is full then, under a new cookie. */
@Injectable()
// eslint-disable-next-line local/max-injected-dependencies -- three kinds of factor are verified in the unit of work that completes the session
export class SecondFactors {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(TotpFactors) private readonly totp: TotpFactors,
    @Inject(RecoveryCodes) private readonly codes: RecoveryCodes,
    @Inject(Ceremonies) private readonly ceremonies: Ceremonies,
    @Inject(TrustedBrowsers) private readonly trusted: TrustedBrowsers,
    @Inject(SessionsService) private readonly sessions: SessionsService,
    @Inject(LoginThrottle) private readonly throttle: LoginThrottle,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {}

  /** By a code of the authenticator app. */
  async withCode(context: SessionVisit, typed: string, trustDays: number): Promise<FactorOutcome> {
    const { userId } = context.session;
    const attempt = await this.count(context);
    if (!attempt.admitted) return { kind: 'throttled' };
    const step = await this.totp.matchStep(userId, plainCode(typed), context.now);
    if (step === undefined) return this.refuse(context, 'totp');
    return this.prove(context, {
      methods: ['otp'],
      factor: 'totp',
      trustDays,
      counted: attempt.counted,
      spend: (unit) => this.totp.spend(unit, userId, step, context.now),
    });
  }

  /** By a recovery code. It trusts no browser: whoever needs it has lost what the next login will ask for. */
  async withRecoveryCode(context: SessionVisit, typed: string): Promise<FactorOutcome> {
    const { userId } = context.session;
    const attempt = await this.count(context);
    if (!attempt.admitted) return { kind: 'throttled' };
    return this.prove(context, {
      methods: ['otp', 'recovery'],
      factor: 'recovery',
      trustDays: 0,
      counted: attempt.counted,
      spend: async (unit) => {
        if (!(await this.codes.spend(unit, userId, typed, context.now))) return false;
        await this.totp.forgive(unit, userId);
        return true;
      },
    });
  }

  /** By a passkey of theirs. */
  async withPasskey(context: SessionVisit, assertion: string, trustDays: number): Promise<FactorOutcome> {
    const { userId } = context.session;
    const attempt = await this.count(context);
    if (!attempt.admitted) return { kind: 'throttled' };
    const proof = await this.ceremonies.verify(context, assertion, { purpose: 'factor', userId });
    if (!proof || 'refused' in proof) return this.refuse(context, proof?.passkey.id ?? 'passkey', proof?.refused);
    return this.prove(context, {
      methods: proof.userVerified ? ['pop', 'user', 'mfa'] : ['pop', 'user'],
      factor: proof.passkey.id,
      trustDays,
      counted: attempt.counted,
      spend: async (unit) => {
        if (!(await this.ceremonies.spend(unit, proof, context.now))) return false;
        await this.totp.forgive(unit, userId);
        return true;
      },
    });
  }

  private async prove(context: SessionVisit, proved: Proved): Promise<FactorOutcome> {
    const { session, now, addressKey } = context;
    const { userId } = session;
    const cookies = await this.store.run(async (unit): Promise<readonly SetCookie[] | 'spent' | 'ended'> => {
      if (!(await proved.spend(unit))) return 'spent';
      const amr = addMethods(session.amr, proved.methods);
      const completed = await this.sessions.complete(unit, session, { amr, acr: acrOf(amr) }, now);
      if (!completed) return 'ended';
      const cookies = this.contexts.sessionCookiesFor(completed.session, completed.cookieValue);
      await this.throttle.succeeded(unit, { counted: proved.counted, userId, addressKey, now });
      const trusted = await this.trusted.trust(unit, context, userId, proved.trustDays);
      const trail = { actorId: userId, address: context.address, requestId: context.requestId };
      await this.audit.record(unit, {
        type: 'factor.used',
        ...trail,
        subjectId: userId,
        details: { factor: proved.factor },
      });
      await this.audit.record(unit, { type: 'login.succeeded', ...trail, subjectId: session.id });
      if (trusted)
        await this.audit.record(unit, {
          type: 'browser.trusted',
          ...trail,
          subjectId: userId,
          details: { days: proved.trustDays },
        });
      return trusted ? [...cookies, trusted] : cookies;
    });
    if (cookies === 'ended') return { kind: 'ended' };
    if (cookies === 'spent') return this.refuse(context, proved.factor, 'used before');
    return { kind: 'proved', cookies };
  }

  /**
   * Counts an attempt like one at a password, under a name that no account has. Neither a known browser nor a known
   * address helps: whoever is here knew the password, and that made both known.
   */
  private count(context: SessionVisit): ReturnType<LoginThrottle['count']> {
    return this.store.run(async (unit) => {
      const attempt = await this.throttle.count(unit, {
        accountKey: `factor:${context.session.userId}`,
        userId: undefined,
        origin: { addressKey: context.addressKey, knownDevice: undefined },
        now: context.now,
      });
      const event = throttledEvent(attempt, { subjectId: context.session.userId, context });
      if (event) await this.audit.record(unit, event);
      return attempt;
    });
  }

  private async refuse(context: SessionVisit, factor: string, why = 'wrong'): Promise<FactorOutcome> {
    const { userId } = context.session;
    await this.store.run(async (unit) => {
      if (factor === 'totp') await this.totp.countFailure(unit, userId);
      await this.audit.record(unit, {
        type: 'factor.failed',
        actorId: userId,
        subjectId: userId,
        address: context.address,
        requestId: context.requestId,
        details: { factor, why: why.slice(0, 200) },
      });
    });
    return { kind: 'wrong' };
  }
}
