import { Inject, Injectable } from '@nestjs/common';
import { Store } from '@gatehouse/platform/database/store';
import { AuditService } from '../audit/audit.service.js';
import type { Interaction } from '../protocol/authorization/interaction.js';
import { Ceremonies } from '../users/factors/ceremonies.service.js';
import { PageError } from '../web/page-error.js';
import { uncountIfBusy } from '../users/throttling/server-busy.js';
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

/** Too many sign-ins of this account, or from this address, are being checked just now. */
const busy = { kind: 'busy' } as const;

interface PasswordAttempt {
  /** The account of that username or confirmed address, if there is one. */
  readonly found: Awaited<ReturnType<UsersService['findForLogin']>>;
  readonly password: string;
  readonly source: QueueSource;
  readonly counted: readonly StoredBucket[];
}

/** Proves a password, or a passkey alone, and starts the session. */
@Injectable()
export class LoginService {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(PasswordHasher) private readonly hasher: PasswordHasher,
    @Inject(LoginThrottle) private readonly throttle: LoginThrottle,
    @Inject(SignInsInFlight) private readonly inFlight: SignInsInFlight,
    @Inject(LoginSessions) private readonly logins: LoginSessions,
    @Inject(KnownDevices) private readonly devices: KnownDevices,
    @Inject(Ceremonies) private readonly ceremonies: Ceremonies,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {}

  /**
   * @param credentials `name`: the username or the confirmed e-mail address
   * @throws ServerBusy when too many passwords wait already
   */
  async withPassword(
    context: RequestContext,
    credentials: { readonly name: string; readonly password: string },
    kept: Interaction | undefined,
  ): Promise<LoginOutcome | typeof busy> {
    const found = await this.users.findForLogin(credentials.name);
    const accountKey = signInKey(found?.user.id, credentials.name);
    const knownDevice =
      found && this.devices.knows(context.request, context.browser.id, found.user.id, context.now)
        ? context.browser.hash.toString('base64url').slice(0, 22)
        : undefined;
    const origin = { addressKey: context.addressKey, knownDevice };
    const places = this.inFlight.open(accountKey, origin);
    try {
      // Before the count: what is turned away is no failure, and writes nothing.
      if (!places.takeOfPair()) return busy;
      const attempt = await this.count(context, { accountKey, userId: found?.user.id, origin });
      if (!attempt.admitted) return { kind: 'throttled' };
      if (!attempt.isKnown && !places.takeOfAccount()) {
        await this.store.run((unit) => this.throttle.giveBack(unit, attempt.counted));
        return busy;
      }
      // Only a browser shows by its cookie that the account's owner uses it; an address is shared.
      const source =
        found && knownDevice !== undefined ? accountSource(context, found.user.id) : anonymousSource(context);
      const { counted } = attempt;
      return await this.verified(context, { found, password: credentials.password, source, counted }, kept);
    } finally {
      places.leave();
    }
  }

  private async verified(
    context: RequestContext,
    { found, password, source, counted }: PasswordAttempt,
    kept: Interaction | undefined,
  ): Promise<LoginOutcome | typeof busy> {
    // A disabled account is checked like any other: the answer must not tell that it exists.
    const fits = await this.verify(found?.passwordHash, { password, source, counted });
    if (fits === 'busy') return busy;
    const outcome =
      fits && found?.passwordHash !== undefined && found.user.disabledAt === undefined
        ? await this.logins.start(context, {
            user: found.user,
            verifiedHash: found.passwordHash,
            amr: ['pwd'],
            kept,
            counted,
          })
        : undefined;
    return outcome ?? this.refuse(context, found?.user.id);
  }

  /** By a passkey whose authenticator verified the person: nothing else is asked for, not even a name. */
  async withPasskey(context: RequestContext, assertion: string, kept: Interaction | undefined): Promise<LoginOutcome> {
    const { now } = context;
    const proof = await this.ceremonies.verify(context, assertion, { purpose: 'login' });
    if (!proof) return { kind: 'wrong' };
    const { userId } = proof.passkey;
    // Only what names a passkey of ours is counted and told of: what strangers make up fills no table.
    const attempt = await this.count(context, {
      accountKey: `passkey:${userId}`,
      userId,
      origin: { addressKey: context.addressKey, knownDevice: undefined },
    });
    if (!attempt.admitted) return { kind: 'throttled' };
    const user = 'refused' in proof ? undefined : await this.users.find(userId);
    if ('refused' in proof || !user) return this.refuse(context, userId);
    const outcome = await this.logins.start(context, {
      user,
      verifiedHash: undefined,
      spend: (unit) => this.ceremonies.spend(unit, proof, now),
      amr: ['pop', 'user', 'mfa'],
      kept,
      counted: attempt.counted,
    });
    return outcome ?? this.refuse(context, userId);
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

  private async refuse(context: RequestContext, userId: string | undefined): Promise<LoginOutcome> {
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

  private async verify(
    passwordHash: string | undefined,
    { password, source, counted }: Omit<PasswordAttempt, 'found'>,
  ): Promise<boolean | 'busy'> {
    try {
      return await uncountIfBusy(
        () => this.hasher.verify(passwordHash, password, source),
        () => this.store.run((unit) => this.throttle.giveBack(unit, counted)),
      );
    } catch (error) {
      if (error instanceof PageError && error.id === 'passwords.too_many') return 'busy';
      throw error;
    }
  }
}
