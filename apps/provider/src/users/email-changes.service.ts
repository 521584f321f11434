import { Inject, Injectable } from '@nestjs/common';
import {
  asciiEmailKey,
  emailKey,
  isEmailAddress,
  addSeconds,
  epochSeconds,
  type EpochSeconds,
} from '@gatehouse/domain/kernel';
import { Store, statement, type Unit } from '@gatehouse/platform/database/store';
import { UnsealError, Keyring } from '@gatehouse/platform/secrets/keyring';
import { newId } from '@gatehouse/platform/secrets/random';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { routes } from '../web/routes.js';
import { Mailer } from '../mail/mailer.service.js';
import { ReplayCache } from '../replay/replay-cache.service.js';
import { durationText } from './duration-text.js';
import { LoginThrottle } from './throttling/login-throttle.service.js';
import { OneTimeLinks } from './credentials/one-time-links.service.js';
import { SecurityNotices } from './security-notices.service.js';
import { localeOf } from './user.statements.js';

/** The change of address that a link confirms. */
export interface EmailChange {
  readonly id: string;
  readonly userId: string;
  readonly username: string;
  readonly email: string;
  /** The previous address; null if there was none. */
  readonly before: string | null;
  /** The last change of the password: a later one invalidates the link, because another person may have requested it. */
  readonly passwordChangedAt: number | null;
  /** When all access to the account last ended: a later end invalidates the link too. Undefined in links of version 0.1. */
  readonly accessEndedAt?: number | null;
  readonly expiresAt: EpochSeconds;
}

interface AccountRow {
  username: string;
  email: string | null;
  email_verified: number | boolean;
  password_changed_at: number | null;
  access_ended_at: number | null;
  profile: string | null;
}

const emailStatements = {
  find: statement(
    'users.find_email',
    `SELECT username, email, email_verified, password_changed_at, access_ended_at, profile FROM users
     WHERE id = $1 AND disabled_at IS NULL`,
  ),
  /** Only if the account is unchanged since the link was requested. */
  change: statement(
    'users.change_email',
    `UPDATE users SET email = $2, email_key = $3, email_verified = TRUE, updated_at = $4
     WHERE id = $1 AND disabled_at IS NULL AND COALESCE(email, '') = $5 AND COALESCE(password_changed_at, 0) = $6
       AND COALESCE(access_ended_at, 0) = $7
     RETURNING password_hash IS NOT NULL AS has_password`,
  ),
};

const sealLabel = 'email change:link';
/** Per hour: for one account, and to one address from any account. */
const requestLimit = { most: 5, seconds: 3600 };

/**
 * Changes a user's e-mail address once the link sent to the new address is opened. The link contains the encrypted
 * change; its id is consumed in the unit of work of the change.
 */
@Injectable()
// eslint-disable-next-line local/max-injected-dependencies -- sends the link and consumes it: sealing, mail, throttling and replay are of one flow
export class EmailChanges {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(Store) private readonly store: Store,
    @Inject(Keyring) private readonly keyring: Keyring,
    @Inject(Mailer) private readonly mailer: Mailer,
    @Inject(OneTimeLinks) private readonly links: OneTimeLinks,
    @Inject(LoginThrottle) private readonly throttle: LoginThrottle,
    @Inject(ReplayCache) private readonly replay: ReplayCache,
    @Inject(SecurityNotices) private readonly notices: SecurityNotices,
  ) {}

  /**
   * Sends a link to this address; for the account's current address, it confirms the address.
   * @returns false if there were too many requests, or the mail queue is full
   */
  async request(unit: Unit, userId: string, email: string, now: EpochSeconds): Promise<boolean> {
    if (!isEmailAddress(email)) return false;
    const row = await unit.one<AccountRow>(emailStatements.find, userId);
    if (!row) return false;
    if (this.settings.throttle) {
      if (!(await this.throttle.countOne(unit, `em:${userId}`, requestLimit, now))) return false;
      if (!(await this.throttle.countOne(unit, `et:${asciiEmailKey(email)}`, requestLimit, now))) return false;
    }
    const lifetimeSeconds = this.settings.resetLinkLifetimeSeconds;
    const change: EmailChange = {
      id: newId(),
      userId,
      username: row.username,
      email,
      before: row.email,
      passwordChangedAt: row.password_changed_at,
      accessEndedAt: row.access_ended_at,
      expiresAt: addSeconds(now, lifetimeSeconds),
    };
    const token = this.keyring.seal(sealLabel, JSON.stringify(change));
    const values = {
      username: row.username,
      issuer: this.settings.issuer,
      link: `${this.settings.issuer}${routes.confirmEmail}?token=${token}`,
      lifetime: durationText(lifetimeSeconds),
    };
    return this.mailer.write(
      unit,
      { to: email, text: 'confirm-email', values, language: localeOf(row.profile), lifetimeSeconds },
      now,
    );
  }

  /** The change of a usable link. Consumes nothing: mail scanners open links. */
  async open(text: string | undefined, now: EpochSeconds): Promise<EmailChange | undefined> {
    if (text === undefined || text.length > 4000) return undefined;
    try {
      // Encrypted by `request` only.
      const change = JSON.parse(this.keyring.open(sealLabel, text).toString('utf8')) as EmailChange;
      if (epochSeconds(change.expiresAt) <= now) return undefined;
      const row = await this.store.one<AccountRow>(emailStatements.find, change.userId);
      const isDone = row?.email === change.email && Boolean(row.email_verified);
      return row && !isDone && isAsBefore(row, change) ? change : undefined;
    } catch (error) {
      if (error instanceof UnsealError) return undefined;
      throw error;
    }
  }

  /** True for exactly one caller, and only if the account is unchanged. Notifies the previous address. */
  async confirm(unit: Unit, change: EmailChange, now: EpochSeconds): Promise<boolean> {
    if (!(await this.replay.use(unit, 'email change', change.id, change.expiresAt, now))) return false;
    // Before the change, because it is sent to the old address.
    if (change.before !== null && change.before !== change.email)
      await this.notices.notify(unit, change.userId, 'email changed', now);
    const changed = await unit.one<{ has_password: number | boolean }>(
      emailStatements.change,
      change.userId,
      change.email,
      emailKey(change.email),
      now,
      change.before ?? '',
      change.passwordChangedAt ?? 0,
      change.accessEndedAt ?? 0,
    );
    if (!changed) return false;
    await this.links.forgetSentTo(unit, { id: change.userId, hasPassword: Boolean(changed.has_password) });
    return true;
  }
}

function isAsBefore(row: AccountRow, change: EmailChange): boolean {
  return (
    row.email === change.before &&
    row.password_changed_at === change.passwordChangedAt &&
    row.access_ended_at === (change.accessEndedAt ?? null)
  );
}
