import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { acrOf } from '@gatehouse/domain/oauth';
import { Store, type Unit } from '@gatehouse/platform/database/store';
import type { SetCookie } from '@gatehouse/platform/http/reply';
import { header } from '@gatehouse/platform/http/request';
import { AuditService } from '../audit/audit.service.js';
import type { Interaction } from '../protocol/authorization/interaction.js';
import { Interactions } from '../protocol/authorization/interactions.service.js';
import { Factors } from '../users/factors/factors.service.js';
import { TrustedBrowsers } from '../users/factors/trusted-browsers.service.js';
import { SessionsService } from '../users/sessions/sessions.service.js';
import { KnownDevices } from '../users/throttling/known-devices.js';
import { LoginThrottle, type StoredBucket } from '../users/throttling/login-throttle.service.js';
import { RoleRequirements } from '../users/role-requirements.service.js';
import type { User } from '../users/user.js';
import { UsersService } from '../users/users.service.js';
import type { RequestContext } from '../users/sessions/request-context.js';
import { RequestContexts } from '../users/sessions/request-contexts.service.js';

export interface LoggedIn {
  readonly kind: 'logged in';
  readonly cookies: readonly SetCookie[];
  /** The interaction to resume, if the sign-in was for one. */
  readonly interactionId: string | undefined;
}

/** A user who has just been authenticated. */
export interface AuthenticatedLogin {
  readonly user: User;
  /** The hash of the password that was verified or has just been set; undefined for a sign-in without a password. */
  readonly verifiedHash: string | undefined;
  /** Consumes the credential used instead of a password; false when another request has already consumed it. */
  readonly consume?: (unit: Unit) => Promise<boolean>;
  readonly amr: readonly string[];
  readonly interaction: Interaction | undefined;
  /** The buckets that the throttle counted this attempt in. */
  readonly counted: readonly StoredBucket[];
}

/** Starts the session of an authenticated user, whatever the method. */
@Injectable()
// eslint-disable-next-line local/max-injected-dependencies -- session, throttling, interaction and audit event of a sign-in are one unit of work
export class LoginSessions {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(SessionsService) private readonly sessions: SessionsService,
    @Inject(LoginThrottle) private readonly throttle: LoginThrottle,
    @Inject(KnownDevices) private readonly devices: KnownDevices,
    @Inject(Interactions) private readonly interactions: Interactions,
    @Inject(Factors) private readonly factors: Factors,
    @Inject(TrustedBrowsers) private readonly trusted: TrustedBrowsers,
    @Inject(RoleRequirements) private readonly roles: RoleRequirements,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {}

  /**
   * Starts the session: a partial one when a second factor is required.
   * @returns undefined when the password was changed or the account disabled after the verification
   */
  async start(context: RequestContext, login: AuthenticatedLogin): Promise<LoggedIn | undefined> {
    const { now, browser, addressKey } = context;
    const { user, amr, interaction, counted } = login;
    const roleRequiresFactor = await this.roles.requireSecondFactor(user.roles);
    const outcome = await this.store.run(async (unit) => {
      // First, because it locks the account's row: a concurrent password change then ends this session too.
      if (!(await this.record(unit, login, now))) return undefined;
      await this.throttle.succeeded(unit, { counted, userId: user.id, addressKey, now });
      const full = amr.includes('mfa') || (!roleRequiresFactor && !(await this.needsOwnFactor(unit, context, user)));
      const started = await this.sessions.start(
        unit,
        {
          userId: user.id,
          full,
          amr,
          acr: acrOf(amr),
          userAgent: header(context.request, 'user-agent'),
          address: context.address,
        },
        context.session,
        now,
      );
      // Interactions that another account started in this browser are not offered to this one.
      if (context.session && context.session.userId !== user.id)
        await this.interactions.dismissAll(unit, browser.hash, now, interaction);
      const owner = { browserHash: browser.hash, addressKey, userId: user.id };
      const id = interaction && (await this.interactions.advance(unit, interaction, 'loggedIn', owner, now));
      await this.audit.record(unit, {
        type: full ? 'login.succeeded' : 'login.password',
        actorId: user.id,
        subjectId: started.session.id,
        address: context.address,
        requestId: context.requestId,
      });
      return { ...started, interactionId: id };
    });
    if (!outcome) return undefined;
    const { session, cookieValue, interactionId } = outcome;
    return {
      kind: 'logged in',
      interactionId,
      cookies: [
        ...context.cookies,
        ...this.contexts.sessionCookiesFor(session, cookieValue),
        this.devices.remember(context.request, browser.id, user.id, now),
      ],
    };
  }

  private async record(unit: Unit, login: AuthenticatedLogin, now: EpochSeconds): Promise<boolean> {
    const { user, verifiedHash, consume } = login;
    if (verifiedHash !== undefined) return this.users.recordLogin(unit, user.id, verifiedHash, now);
    if (consume === undefined || !(await this.users.lock(unit, user.id)) || !(await consume(unit))) return false;
    return this.users.recordKeyLogin(unit, user.id, now);
  }

  /** True for a user who has a second factor, in a browser that they have not trusted. */
  private async needsOwnFactor(unit: Unit, context: RequestContext, user: User): Promise<boolean> {
    return (await this.factors.hasAnyIn(unit, user.id)) && !(await this.trusted.use(unit, context, user.id));
  }
}
