import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { authenticationContexts, phishingResistantContext } from '@gatehouse/domain/oauth';
import { Store, statement, type Unit } from '@gatehouse/platform/database/store';
import { type Message, text } from '../../i18n/message.js';
import { UsersService } from '../users.service.js';
import { Ceremonies } from './ceremonies.service.js';
import { Passkeys, type Passkey } from './passkeys.service.js';
import { RecoveryCodes } from './recovery-codes.service.js';
import { TotpFactors, type TotpFactor } from './totp.service.js';
import { TrustedBrowsers } from './trusted-browsers.service.js';

const has = statement(
  'factors.has',
  `SELECT user_id FROM totp_factors WHERE user_id = $1 UNION ALL SELECT user_id FROM passkeys WHERE user_id = $1 LIMIT 1`,
);

/** The second factors of one person. Recovery codes are none by themselves: they stand in for one. */
export interface FactorsOf {
  readonly totp: TotpFactor | undefined;
  readonly passkeys: readonly Passkey[];
  readonly codesLeft: number;
}

/** A factor that its person may remove. */
export interface Removable {
  /** `totp` or a passkey's id. */
  readonly key: string;
  readonly name: Message;
  /** Nothing but the password is left after it. */
  readonly isLast: boolean;
}

/** What a person has, over all kinds; what ends with the account's password or the account itself. */
@Injectable()
export class Factors implements OnModuleInit {
  /** The values of `acr` that a login here can have. */
  readonly supportedContexts: readonly string[];

  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(TotpFactors) private readonly totp: TotpFactors,
    @Inject(Passkeys) private readonly passkeys: Passkeys,
    @Inject(RecoveryCodes) private readonly codes: RecoveryCodes,
    @Inject(TrustedBrowsers) private readonly trusted: TrustedBrowsers,
    @Inject(Ceremonies) ceremonies: Ceremonies,
  ) {
    this.supportedContexts = authenticationContexts.filter(
      (context) => context !== phishingResistantContext || ceremonies.possible,
    );
  }

  onModuleInit(): void {
    // Whoever knew the old password may have trusted a browser of theirs.
    this.users.addListener({
      passwordChanged: (unit, userId) => this.trusted.endAllOf(unit, userId),
      userEnded: (unit, userId) => this.trusted.endAllOf(unit, userId),
    });
  }

  async of(userId: string): Promise<FactorsOf> {
    return {
      totp: await this.totp.find(userId),
      passkeys: await this.passkeys.listOf(userId),
      codesLeft: await this.codes.countLeft(userId),
    };
  }

  /** @param key `totp` or a passkey's id */
  async findRemovable(userId: string, key: string): Promise<Removable | undefined> {
    const { totp, passkeys } = await this.of(userId);
    const isLast = passkeys.length + (totp ? 1 : 0) === 1;
    if (key === 'totp') return totp && { key, name: text('app.name'), isLast };
    const passkey = passkeys.find(({ id }) => id === key);
    return passkey && { key, name: passkey.name, isLast };
  }

  async hasAny(userId: string): Promise<boolean> {
    return (await this.store.one(has, userId)) !== undefined;
  }

  /** The same inside a unit: what a login must prove is decided where it is recorded. */
  async hasAnyIn(unit: Unit, userId: string): Promise<boolean> {
    return (await unit.one(has, userId)) !== undefined;
  }

  /** Removes one, and with it what rests on it. False where there was none. @param key `totp` or a passkey's id */
  async remove(unit: Unit, userId: string, key: string): Promise<boolean> {
    const removed =
      key === 'totp' ? await this.totp.remove(unit, userId) : await this.passkeys.remove(unit, userId, key);
    if (!removed) return false;
    await this.trusted.endAllOf(unit, userId);
    if (!(await this.hasAnyIn(unit, userId))) await this.forgetStandIns(unit, userId);
    return true;
  }

  /** Takes everything away: a person who lost it all logs in by password alone, and adds anew. */
  async removeAllOf(unit: Unit, userId: string): Promise<void> {
    await this.totp.remove(unit, userId);
    await this.passkeys.removeAllOf(unit, userId);
    await this.forgetStandIns(unit, userId);
  }

  /** What has no meaning without a factor. */
  private async forgetStandIns(unit: Unit, userId: string): Promise<void> {
    await this.codes.forgetAllOf(unit, userId);
    await this.trusted.endAllOf(unit, userId);
  }
}
