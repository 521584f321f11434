import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { statement, type Unit } from '@gatehouse/server/database/store';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { routes } from '../http/routes.js';
import { isOneAddress, Mailer } from '../mail/mailer.service.js';
import { UsersService } from './users.service.js';

/** What an owner should hear of, whoever did it. */
const sentences = {
  'password set': 'A new password was set. Every other session ended.',
  'email changed': 'Another e-mail address was set. From now on mail goes there.',
  'factor added': 'A second factor was added.',
  'factor removed': 'A second factor was removed.',
  'factors reset': 'An administrator took all second factors away.',
  'codes made': 'New recovery codes were made. The old ones no longer work.',
} as const;
export type Notice = keyof typeof sentences;

const addressOf = statement('users.find_address', 'SELECT username, email FROM users WHERE id = $1');
/** Old news is no warning. */
const lifetimeSeconds = 24 * 3600;

/**
 * Tells people by mail that what their account rests on was changed (NIST SP 800-63B-4 4.6): in the unit of the change,
 * so that there is no change without its mail.
 */
@Injectable()
export class SecurityNotices implements OnModuleInit {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(Mailer) private readonly mailer: Mailer,
  ) {}

  onModuleInit(): void {
    this.users.follow({ passwordChanged: (unit, userId, now) => this.tell(unit, userId, 'password set', now) });
  }

  /** Whoever has no address hears nothing. A full queue of mail is no reason to refuse the change. */
  async tell(unit: Unit, userId: string, notice: Notice, now: EpochSeconds): Promise<void> {
    const owner = await unit.one<{ username: string; email: string | null }>(addressOf, userId);
    if (!owner?.email || !isOneAddress(owner.email)) return;
    const values = {
      username: owner.username,
      issuer: this.settings.issuer,
      sentence: sentences[notice],
      link: this.settings.issuer + routes.forgotPassword,
      at: `${new Date(now * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    };
    await this.mailer.write(unit, { to: owner.email, text: 'security-notice', values, lifetimeSeconds }, now);
  }
}
