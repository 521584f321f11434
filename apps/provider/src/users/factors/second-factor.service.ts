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
import { PasskeyCeremonies } from './passkey-ceremonies.service.js';
import { RecoveryCodes } from './recovery-codes.service.js';
import { plainCode } from './totp.js';
import { TotpFactors } from './totp.service.js';
import { TrustedBrowsers } from './trusted-browsers.service.js';

/** A context with a session: the password was validated; a second factor may still be required. */
export type SessionRequestContext = RequestContext & { readonly session: Session };

export type FactorOutcome =
  | { readonly kind: 'proved'; readonly cookies: readonly SetCookie[] }
  | { readonly kind: 'wrong' }
  | { readonly kind: 'throttled' }
  /** The session has ended since: the login starts again. */
  | { readonly kind: 'ended' };

interface ValidatedFactor {
  readonly methods: readonly AuthenticationMethod[];
  /** `totp`, `recovery` or a passkey's id, for the audit log. */
  readonly factor: string;
  readonly trustDays: number;
  readonly counted: readonly StoredBucket[];
  /** Consumes the credential; false if it was consumed before. */
  consume(unit: Unit): Promise<boolean>;
}

/** Validates a second factor of the session's user, which completes the session under a new cookie. */
@Injectable()
// eslint-disable-next-line local/max-injected-dependencies -- three kinds of factor are verified in the unit of work that completes the session
export class SecondFactors {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(TotpFactors) private readonly totp: TotpFactors,
    @Inject(RecoveryCodes) private readonly codes: RecoveryCodes,
    @Inject(PasskeyCeremonies) private readonly ceremonies: PasskeyCeremonies,
    @Inject(TrustedBrowsers) private readonly trusted: TrustedBrowsers,
    @Inject(SessionsService) private readonly sessions: SessionsService,
    @Inject(LoginThrottle) private readonly throttle: LoginThrottle,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {}

  /** Validates a code of the authenticator app. */
  async withCode(context: SessionRequestContext, typed: string, trustDays: number): Promise<FactorOutcome> {
    const { userId } = context.session;
    const attempt = await this.count(context);
    if (!attempt.admitted) return { kind: 'throttled' };
    const step = await this.totp.matchStep(userId, plainCode(typed), context.now);
    if (step === undefined) return this.fail(context, 'totp');
    return this.complete(context, {
      methods: ['otp'],
      factor: 'totp',
      trustDays,
      counted: attempt.counted,
      consume: (unit) => this.totp.consume(unit, userId, step, context.now),
    });
  }

  /** Validates a recovery code. It never makes a browser trusted: the user has lost the factor that the next login requires. */
  async withRecoveryCode(context: SessionRequestContext, typed: string): Promise<FactorOutcome> {
    const { userId } = context.session;
    const attempt = await this.count(context);
    if (!attempt.admitted) return { kind: 'throttled' };
    return this.complete(context, {
      methods: ['otp', 'recovery'],
      factor: 'recovery',
      trustDays: 0,
      counted: attempt.counted,
      consume: async (unit) => {
        if (!(await this.codes.consume(unit, userId, typed, context.now))) return false;
        await this.totp.resetFailures(unit, userId);
        return true;
      },
    });
  }

  /** Validates an assertion of one of the user's passkeys. */
  async withPasskey(context: SessionRequestContext, assertion: string, trustDays: number): Promise<FactorOutcome> {
    const { userId } = context.session;
    const attempt = await this.count(context);
    if (!attempt.admitted) return { kind: 'throttled' };
    const result = await this.ceremonies.verify(context, assertion, { purpose: 'factor', userId });
    if (!result || 'refused' in result) return this.fail(context, result?.passkey.id ?? 'passkey', result?.refused);
    return this.complete(context, {
      methods: result.userVerified ? ['pop', 'user', 'mfa'] : ['pop', 'user'],
      factor: result.passkey.id,
      trustDays,
      counted: attempt.counted,
      consume: async (unit) => {
        if (!(await this.ceremonies.consume(unit, result, context.now))) return false;
        await this.totp.resetFailures(unit, userId);
        return true;
      },
    });
  }

  private async complete(context: SessionRequestContext, validated: ValidatedFactor): Promise<FactorOutcome> {
    const { session, now, addressKey } = context;
    const { userId } = session;
    const cookies = await this.store.run(async (unit): Promise<readonly SetCookie[] | 'consumed' | 'ended'> => {
      if (!(await validated.consume(unit))) return 'consumed';
      const amr = addMethods(session.amr, validated.methods);
      const completed = await this.sessions.complete(unit, session, { amr, acr: acrOf(amr) }, now);
      if (!completed) return 'ended';
      const cookies = this.contexts.sessionCookiesFor(completed.session, completed.cookieValue);
      await this.throttle.succeeded(unit, { counted: validated.counted, userId, addressKey, now });
      const trusted = await this.trusted.trust(unit, context, userId, validated.trustDays);
      const trail = { actorId: userId, address: context.address, requestId: context.requestId };
      await this.audit.record(unit, {
        type: 'factor.used',
        ...trail,
        subjectId: userId,
        details: { factor: validated.factor },
      });
      await this.audit.record(unit, { type: 'login.succeeded', ...trail, subjectId: session.id });
      if (trusted)
        await this.audit.record(unit, {
          type: 'browser.trusted',
          ...trail,
          subjectId: userId,
          details: { days: validated.trustDays },
        });
      return trusted ? [...cookies, trusted] : cookies;
    });
    if (cookies === 'ended') return { kind: 'ended' };
    if (cookies === 'consumed') return this.fail(context, validated.factor, 'used before');
    return { kind: 'proved', cookies };
  }

  /**
   * Counts an attempt like a password attempt, under a key that no account name can have. A known browser or address gives no
   * advantage: both became known when the password was validated.
   */
  private count(context: SessionRequestContext): ReturnType<LoginThrottle['count']> {
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

  private async fail(context: SessionRequestContext, factor: string, why = 'wrong'): Promise<FactorOutcome> {
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
