import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { authenticationContexts, phishingResistantContext } from '@gatehouse/domain/oauth';
import { Store, statement, type Unit } from '@gatehouse/platform/database/store';
import { type Message, text } from '../../i18n/message.js';
import { UsersService } from '../users.service.js';
import { PasskeyCeremonies } from './passkey-ceremonies.service.js';
import { Passkeys, type Passkey } from './passkeys.service.js';
import { RecoveryCodes } from './recovery-codes.service.js';
import { TotpFactors, type TotpFactor } from './totp.service.js';
import { TrustedBrowsers } from './trusted-browsers.service.js';

const has = statement(
  'factors.has',
  `SELECT user_id FROM totp_factors WHERE user_id = $1 UNION ALL SELECT user_id FROM passkeys WHERE user_id = $1 LIMIT 1`,
);

/** $1: ids of users, a JSON array. */
const owners = statement(
  'factors.owners',
  `SELECT user_id FROM totp_factors WHERE user_id IN (SELECT json_array_elements_text($1::json))
   UNION SELECT user_id FROM passkeys WHERE user_id IN (SELECT json_array_elements_text($1::json))`,
  {
    sqlite: `SELECT user_id FROM totp_factors WHERE user_id IN (SELECT value FROM json_each($1))
   UNION SELECT user_id FROM passkeys WHERE user_id IN (SELECT value FROM json_each($1))`,
  },
);

/** The second factors of one user. Recovery codes are not a factor of their own: they replace a lost one. */
export interface FactorsOf {
  readonly totp: TotpFactor | undefined;
  readonly passkeys: readonly Passkey[];
  readonly codesLeft: number;
}

/** A factor that the user may remove. */
export interface RemovableFactor {
  /** `totp` or a passkey's id. */
  readonly key: string;
  readonly name: Message;
  /** Only the password remains when it is removed. */
  readonly isLast: boolean;
}

/** The second factors of users, of all kinds. Ends trusted browsers when the password changes or the account is deleted. */
@Injectable()
export class Factors implements OnModuleInit {
  /** The `acr` values that a login at this server can have. */
  readonly supportedContexts: readonly string[];

  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(TotpFactors) private readonly totp: TotpFactors,
    @Inject(Passkeys) private readonly passkeys: Passkeys,
    @Inject(RecoveryCodes) private readonly codes: RecoveryCodes,
    @Inject(TrustedBrowsers) private readonly trusted: TrustedBrowsers,
    @Inject(PasskeyCeremonies) ceremonies: PasskeyCeremonies,
  ) {
    this.supportedContexts = authenticationContexts.filter(
      (context) => context !== phishingResistantContext || ceremonies.possible,
    );
  }

  onModuleInit(): void {
    // Somebody who knew the old password may have made their own browser trusted.
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
  async findRemovable(userId: string, key: string): Promise<RemovableFactor | undefined> {
    const { totp, passkeys } = await this.of(userId);
    const isLast = passkeys.length + (totp ? 1 : 0) === 1;
    if (key === 'totp') return totp && { key, name: text('app.name'), isLast };
    const passkey = passkeys.find(({ id }) => id === key);
    return passkey && { key, name: passkey.name, isLast };
  }

  async hasAny(userId: string): Promise<boolean> {
    return (await this.store.one(has, userId)) !== undefined;
  }

  /** Reads within the unit of work: which factors a login requires is decided where the login is recorded. */
  async hasAnyIn(unit: Unit, userId: string): Promise<boolean> {
    return (await unit.one(has, userId)) !== undefined;
  }

  /** Those of these users who have a second factor. */
  async ownersAmong(userIds: readonly string[]): Promise<ReadonlySet<string>> {
    if (userIds.length === 0) return new Set();
    const rows = await this.store.all<{ user_id: string }>(owners, JSON.stringify(userIds));
    return new Set(rows.map((row) => row.user_id));
  }

  /** Removes a factor and what depends on it. False if it does not exist. @param key `totp` or a passkey's id */
  async remove(unit: Unit, userId: string, key: string): Promise<boolean> {
    const removed =
      key === 'totp' ? await this.totp.remove(unit, userId) : await this.passkeys.remove(unit, userId, key);
    if (!removed) return false;
    await this.trusted.endAllOf(unit, userId);
    if (!(await this.hasAnyIn(unit, userId))) await this.removeDependents(unit, userId);
    return true;
  }

  /** Removes all factors: a user who lost them signs in with the password alone and adds new ones. */
  async removeAllOf(unit: Unit, userId: string): Promise<void> {
    await this.totp.remove(unit, userId);
    await this.passkeys.removeAllOf(unit, userId);
    await this.removeDependents(unit, userId);
  }

  /** Removes recovery codes and trusted browsers, which have no meaning without a factor. */
  private async removeDependents(unit: Unit, userId: string): Promise<void> {
    await this.codes.forgetAllOf(unit, userId);
    await this.trusted.endAllOf(unit, userId);
  }
}
