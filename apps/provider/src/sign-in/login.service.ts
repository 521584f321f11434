import { Inject, Injectable } from '@nestjs/common';
import { Store } from '@gatehouse/platform/database/store';
import { AuditService } from '../audit/audit.service.js';
import type { Interaction } from '../protocol/authorization/interaction.js';
import { PasskeyCeremonies } from '../users/factors/passkey-ceremonies.service.js';
import { PageError } from '../web/page-error.js';
import { revertCountIfBusy } from '../users/throttling/server-busy-errors.js';
import { KnownDevices } from '../users/throttling/known-devices.js';
import {
  LoginThrottle,
  throttledEvent,
  type Attempt,
  type LoginOrigin,
  type StoredBucket,
} from '../users/throttling/login-throttle.service.js';
import { PasswordHasher } from '../users/credentials/password-hasher.js';
import type { QueueSource } from '../users/throttling/fair-queue.js';
import { accountSource, anonymousSource } from '../users/credentials/password-source.js';
import { SignInsInFlight } from '../users/throttling/sign-ins-in-flight.js';
import { UsersService } from '../users/users.service.js';
import { signInKey } from '../users/user.js';
import type { RequestContext } from '../users/sessions/request-context.js';
import { LoginSessions, type LoggedIn } from './login-sessions.service.js';

export type LoginOutcome = LoggedIn | { readonly kind: 'wrong' } | { readonly kind: 'throttled' };

/** Too many sign-ins of this account or from this address are being verified at the moment. */
const busy = { kind: 'busy' } as const;

interface PasswordAttempt {
  /** The account with that username or confirmed email address, if any. */
  readonly found: Awaited<ReturnType<UsersService['findForLogin']>>;
  readonly password: string;
  readonly source: QueueSource;
  readonly counted: readonly StoredBucket[];
}

/** Verifies a password, or a passkey alone, and starts the session. */
@Injectable()
// eslint-disable-next-line local/max-injected-dependencies -- a password or passkey, and the protection against guessing that surrounds both
export class LoginService {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(PasswordHasher) private readonly hasher: PasswordHasher,
    @Inject(LoginThrottle) private readonly throttle: LoginThrottle,
    @Inject(SignInsInFlight) private readonly inFlight: SignInsInFlight,
    @Inject(LoginSessions) private readonly logins: LoginSessions,
    @Inject(KnownDevices) private readonly devices: KnownDevices,
    @Inject(PasskeyCeremonies) private readonly ceremonies: PasskeyCeremonies,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {}

  /**
   * @param credentials `name`: the username or the confirmed email address
   * @throws ServerBusy when too many passwords are already waiting to be verified
   */
  async withPassword(
    context: RequestContext,
    credentials: { readonly name: string; readonly password: string },
    interaction: Interaction | undefined,
  ): Promise<LoginOutcome | typeof busy> {
    const found = await this.users.findForLogin(credentials.name);
    const accountKey = signInKey(found?.user.id, credentials.name);
    const knownDevice =
      found && this.devices.isKnown(context.request, context.browser.id, found.user.id, context.now)
        ? context.browser.hash.toString('base64url').slice(0, 22)
        : undefined;
    const origin = { addressKey: context.addressKey, knownDevice };
    const places = this.inFlight.open(accountKey, origin);
    try {
      // Before counting: a rejected attempt is not a failure and writes nothing.
      if (!places.tryAcquireForSource()) return busy;
      const attempt = await this.count(context, { accountKey, userId: found?.user.id, origin });
      if (!attempt.admitted) return { kind: 'throttled' };
      if (!attempt.isKnown && !places.tryAcquireForAccount()) {
        await this.store.run((unit) => this.throttle.revert(unit, attempt.counted));
        return busy;
      }
      // Only the cookie shows that the account's owner uses this browser; an address is shared.
      const source =
        found && knownDevice !== undefined ? accountSource(context, found.user.id) : anonymousSource(context);
      const { counted } = attempt;
      return await this.verifyAndStart(
        context,
        { found, password: credentials.password, source, counted },
        interaction,
      );
    } finally {
      places.leave();
    }
  }

  private async verifyAndStart(
    context: RequestContext,
    { found, password, source, counted }: PasswordAttempt,
    interaction: Interaction | undefined,
  ): Promise<LoginOutcome | typeof busy> {
    // A disabled account is verified like any other: the response must not reveal that it exists.
    const matches = await this.verifyPassword(found?.passwordHash, { password, source, counted });
    if (matches === 'busy') return busy;
    const outcome =
      matches && found?.passwordHash !== undefined && found.user.disabledAt === undefined
        ? await this.logins.start(context, {
            user: found.user,
            verifiedHash: found.passwordHash,
            amr: ['pwd'],
            interaction,
            counted,
          })
        : undefined;
    return outcome ?? this.recordFailure(context, found?.user.id);
  }

  /** Signs in by a passkey whose authenticator verified the user: neither a username nor a second factor is required. */
  async withPasskey(
    context: RequestContext,
    assertion: string,
    interaction: Interaction | undefined,
  ): Promise<LoginOutcome> {
    const { now } = context;
    const verified = await this.ceremonies.verify(context, assertion, { purpose: 'login' });
    if (!verified) return { kind: 'wrong' };
    const { userId } = verified.passkey;
    // Only attempts with a registered passkey are counted and recorded: made-up ones must not fill any table.
    const attempt = await this.count(context, {
      accountKey: `passkey:${userId}`,
      userId,
      origin: { addressKey: context.addressKey, knownDevice: undefined },
    });
    if (!attempt.admitted) return { kind: 'throttled' };
    const user = 'refused' in verified ? undefined : await this.users.find(userId);
    if ('refused' in verified || !user) return this.recordFailure(context, userId);
    const outcome = await this.logins.start(context, {
      user,
      verifiedHash: undefined,
      consume: (unit) => this.ceremonies.consume(unit, verified, now),
      amr: ['pop', 'user', 'mfa'],
      interaction,
      counted: attempt.counted,
    });
    return outcome ?? this.recordFailure(context, userId);
  }

  private count(
    context: RequestContext,
    attempt: { readonly accountKey: string; readonly userId: string | undefined; readonly origin: LoginOrigin },
  ): Promise<Attempt> {
    return this.store.run(async (unit) => {
      const counted = await this.throttle.count(unit, { ...attempt, now: context.now });
      const event = throttledEvent(counted, { subjectId: attempt.userId, context });
      if (event) await this.audit.record(unit, event);
      return counted;
    });
  }

  private async recordFailure(context: RequestContext, userId: string | undefined): Promise<LoginOutcome> {
    await this.store.run((unit) =>
      this.audit.record(unit, {
        type: 'login.failed',
        subjectId: userId,
        address: context.address,
        requestId: context.requestId,
      }),
    );
    return { kind: 'wrong' };
  }

  private async verifyPassword(
    passwordHash: string | undefined,
    { password, source, counted }: Omit<PasswordAttempt, 'found'>,
  ): Promise<boolean | 'busy'> {
    try {
      return await revertCountIfBusy(
        () => this.hasher.verify(passwordHash, password, source),
        () => this.store.run((unit) => this.throttle.revert(unit, counted)),
      );
    } catch (error) {
      if (error instanceof PageError && error.id === 'passwords.too_many') return 'busy';
      throw error;
    }
  }
}
