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
  /** The id of the request that goes on, when one was kept. */
  readonly keptId: string | undefined;
}

/** A person who has just proved who they are. */
export interface ProvedLogin {
  readonly user: User;
  /** The password's hash that was verified, or has just been set; undefined for a login without one. */
  readonly verifiedHash: string | undefined;
  /** Spends what was shown instead of a password; false when somebody else did before. */
  readonly spend?: (unit: Unit) => Promise<boolean>;
  readonly amr: readonly string[];
  readonly kept: Interaction | undefined;
  /** What the throttle counted for this attempt. */
  readonly counted: readonly StoredBucket[];
}

/** Starts the session of a person who has proved who they are, whatever the way. */
@Injectable()
export class LoginSessions {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(SessionsService) private readonly sessions: SessionsService,
    @Inject(LoginThrottle) private readonly throttle: LoginThrottle,
    @Inject(KnownDevices) private readonly devices: KnownDevices,
    @Inject(Interactions) private readonly kept: Interactions,
    @Inject(Factors) private readonly factors: Factors,
    @Inject(TrustedBrowsers) private readonly trusted: TrustedBrowsers,
    @Inject(RoleRequirements) private readonly roles: RoleRequirements,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {}

  /**
   * Starts the session: a partial one where a second factor is owed.
   * @returns undefined when the password was changed, or the account switched off, since it was verified
   */
  async start(context: RequestContext, proved: ProvedLogin): Promise<LoggedIn | undefined> {
    const { now, browser, addressKey } = context;
    const { user, amr, kept, counted } = proved;
    const roleDemands = await this.roles.demandSecondFactor(user.roles);
    const done = await this.store.run(async (unit) => {
      // First, and it holds the account's row: whoever changes the password meanwhile ends this session too.
      if (!(await this.record(unit, proved, now))) return undefined;
      await this.throttle.succeeded(unit, { counted, userId: user.id, addressKey, now });
      const full = amr.includes('mfa') || (!roleDemands && !(await this.owesOwn(unit, context, user)));
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
      // Requests that another account began in this browser are not offered to this one.
      if (context.session && context.session.userId !== user.id)
        await this.kept.dismissAll(unit, browser.hash, now, kept);
      const owner = { browserHash: browser.hash, addressKey, userId: user.id };
      const id = kept && (await this.kept.advance(unit, kept, 'loggedIn', owner, now));
      await this.audit.record(unit, {
        type: full ? 'login.succeeded' : 'login.password',
        actorId: user.id,
        subjectId: started.session.id,
        address: context.address,
        requestId: context.requestId,
      });
      return { ...started, keptId: id };
    });
    if (!done) return undefined;
    const { session, cookieValue, keptId } = done;
    return {
      kind: 'logged in',
      keptId,
      cookies: [
        ...context.cookies,
        ...this.contexts.sessionCookiesFor(session, cookieValue),
        this.devices.remember(context.request, browser.id, user.id, now),
      ],
    };
  }
  private async record(unit: Unit, proved: ProvedLogin, now: EpochSeconds): Promise<boolean> {
    const { user, verifiedHash, spend } = proved;
    if (verifiedHash !== undefined) return this.users.recordLogin(unit, user.id, verifiedHash, now);
    if (spend === undefined || !(await this.users.lock(unit, user.id)) || !(await spend(unit))) return false;
    return this.users.recordKeyLogin(unit, user.id, now);
  }

  /** True for a person who has a second factor, in a browser that they did not trust. */
  private async owesOwn(unit: Unit, context: RequestContext, user: User): Promise<boolean> {
    return (await this.factors.hasAnyIn(unit, user.id)) && !(await this.trusted.use(unit, context, user.id));
  }
}
