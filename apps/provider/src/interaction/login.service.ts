import { Inject, Injectable } from '@nestjs/common';
import { Store } from '@gatehouse/server/database/store';
import { AuditService } from '../audit/audit.service.js';
import type { KeptRequest } from '../authorization/kept-request.js';
import { KnownDevices } from '../users/known-devices.js';
import { LoginThrottle } from '../users/login-throttle.service.js';
import { PasswordHasher } from '../users/password-hasher.js';
import { UsersService } from '../users/users.service.js';
import { usernameKey } from '../users/user.js';
import type { Visit } from '../users/visit.js';
import { LoginSessions, type LoggedIn } from './login-sessions.service.js';

export type LoginOutcome = LoggedIn | { readonly kind: 'wrong' } | { readonly kind: 'throttled' };

/** Proves a password and starts the session. */
@Injectable()
export class LoginService {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(PasswordHasher) private readonly hasher: PasswordHasher,
    @Inject(LoginThrottle) private readonly throttle: LoginThrottle,
    @Inject(LoginSessions) private readonly logins: LoginSessions,
    @Inject(KnownDevices) private readonly devices: KnownDevices,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {}

  /** @throws ServerBusy when too many passwords wait already */
  async withPassword(
    visit: Visit,
    credentials: { readonly username: string; readonly password: string },
    kept: KeptRequest | undefined,
  ): Promise<LoginOutcome> {
    const { now } = visit;
    const found = await this.users.findForLogin(credentials.username.slice(0, 200));
    const knownDevice =
      found && this.devices.knows(visit.request, visit.browser.id, found.user.id, now)
        ? visit.browser.hash.toString('base64url').slice(0, 22)
        : undefined;
    const attempt = await this.store.run((unit) =>
      this.throttle.count(unit, {
        accountKey: usernameKey(credentials.username.slice(0, 200)),
        userId: found?.user.id,
        origin: { addressKey: visit.addressKey, knownDevice },
        now,
      }),
    );
    if (!attempt.admitted) return { kind: 'throttled' };

    // A disabled account is checked like any other: the answer must not tell that it exists.
    const fits = await this.verify(found?.passwordHash, credentials.password, attempt.counted);
    const outcome =
      fits && found?.passwordHash !== undefined && found.user.disabledAt === undefined
        ? await this.logins.start(visit, {
            user: found.user,
            verifiedHash: found.passwordHash,
            amr: ['pwd'],
            kept,
            counted: attempt.counted,
          })
        : undefined;
    if (!outcome) {
      await this.store.run((unit) =>
        this.audit.record(unit, {
          type: 'login.failed',
          subjectId: found?.user.id,
          address: visit.address,
          requestId: visit.requestId,
        }),
      );
      return { kind: 'wrong' };
    }
    return outcome;
  }

  /** A server that is too busy to look at a password has seen no wrong one. */
  private async verify(
    passwordHash: string | undefined,
    password: string,
    counted: readonly string[],
  ): Promise<boolean> {
    try {
      return await this.hasher.verify(passwordHash, password.slice(0, 1000));
    } catch (error) {
      await this.store.run((unit) => this.throttle.giveBack(unit, counted));
      throw error;
    }
  }
}
