import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { isEmailAddress, type EpochSeconds } from '@gatehouse/domain/kernel';
import { statement, type Unit } from '@gatehouse/platform/database/store';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { routes } from '../web/routes.js';
import { Mailer } from '../mail/mailer.service.js';
import { text, type TextKey } from '../i18n/message.js';
import { localeOf } from './user.statements.js';
import { UsersService } from './users.service.js';

/** Changes that the owner is notified of, regardless of who made them. */
const events = {
  'password set': 'mail.notice.passwordSet',
  'email changed': 'mail.notice.emailChanged',
  'factor added': 'mail.notice.factorAdded',
  'factor removed': 'mail.notice.factorRemoved',
  'factors reset': 'mail.notice.factorsReset',
  'codes made': 'mail.notice.codesMade',
} as const satisfies Record<string, TextKey>;
export type Notice = keyof typeof events;

const addressOf = statement('users.find_address', 'SELECT username, email, profile FROM users WHERE id = $1');
interface AddressRow {
  username: string;
  email: string | null;
  profile: string | null;
}

/** A late notice is no longer useful. */
const lifetimeSeconds = 24 * 3600;

/**
 * Notifies users by mail of changes to credentials and recovery addresses (NIST SP 800-63B-4 4.6). The mail is queued
 * in the unit of work of the change, so that no change is made without it.
 */
@Injectable()
export class SecurityNotices implements OnModuleInit {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(Mailer) private readonly mailer: Mailer,
  ) {}

  onModuleInit(): void {
    this.users.addListener({
      passwordChanged: (unit, userId, now) => this.notify(unit, userId, 'password set', now),
      emailReplaced: (unit, userId, before, now) => this.notifyReplacedAddress(unit, userId, before, now),
    });
  }

  /** Sent to the previous address, without a link to set a password, which would be sent to the new one. */
  private async notifyReplacedAddress(unit: Unit, userId: string, before: string, now: EpochSeconds): Promise<void> {
    const owner = await unit.one<AddressRow>(addressOf, userId);
    if (!owner || !isEmailAddress(before)) return;
    const { issuer } = this.settings;
    const values = { username: owner.username, issuer, at: timeText(now), link: issuer + routes.account };
    await this.mailer.write(
      unit,
      { to: before, text: 'email-replaced', values, language: localeOf(owner.profile), lifetimeSeconds },
      now,
    );
  }

  /** Does nothing for an account without an address. A full mail queue does not fail the change. */
  async notify(unit: Unit, userId: string, notice: Notice, now: EpochSeconds): Promise<void> {
    const owner = await unit.one<AddressRow>(addressOf, userId);
    if (!owner?.email || !isEmailAddress(owner.email)) return;
    const values = {
      username: owner.username,
      issuer: this.settings.issuer,
      event: text(events[notice]),
      link: this.settings.issuer + routes.forgotPassword,
      at: timeText(now),
    };
    await this.mailer.write(
      unit,
      { to: owner.email, text: 'security-notice', values, language: localeOf(owner.profile), lifetimeSeconds },
      now,
    );
  }
}

function timeText(now: EpochSeconds): string {
  return `${new Date(now * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
