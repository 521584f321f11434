import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { asciiEmailKey, type EpochSeconds } from '@gatehouse/domain/kernel';
import { Store, type Unit } from '@gatehouse/platform/database/store';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { Mailer } from '../../mail/mailer.service.js';
import type { Delivery, DeliveryAttempt, OutboxKind } from '../../outbox/outbox-kind.js';
import { Outbox } from '../../outbox/outbox.service.js';
import { durationText } from '../duration-text.js';
import { LoginThrottle } from '../throttling/login-throttle.service.js';
import { OneTimeLinks } from './one-time-links.service.js';
import { UsersService } from '../users.service.js';

const hour = 3600;
/** From one network address, and for one mail address, whether anybody has it or not. */
const maxFrom = 20;
const maxFor = 3;

/**
 * Password resets by mail. What was asked is queued as it came, for a known and an unknown address alike; who has
 * the address is looked up later, by the outbox: neither the answer nor its time can tell (OWASP ASVS 6.3.8).
 */
@Injectable()
export class PasswordResets implements OutboxKind, OnModuleInit {
  readonly name = 'password-reset';
  readonly lifetimeSeconds = hour;
  readonly maxAttempts = 10;
  readonly maxAtOnce = 4;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(Store) private readonly store: Store,
    @Inject(Outbox) private readonly outbox: Outbox,
    @Inject(LoginThrottle) private readonly throttle: LoginThrottle,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(OneTimeLinks) private readonly links: OneTimeLinks,
    @Inject(Mailer) private readonly mailer: Mailer,
  ) {}

  onModuleInit(): void {
    this.outbox.register(this);
  }

  /** @returns false when too much was asked from this network address, or waits already */
  async request(unit: Unit, email: string, addressKey: string, now: EpochSeconds): Promise<boolean> {
    if (this.settings.throttle) {
      const from = { most: maxFrom, seconds: hour };
      if (!(await this.throttle.countOne(unit, `rf:${addressKey}`, from, now))) return false;
      const one = { most: maxFor, seconds: hour };
      // Mail that was asked for too often is not sent, and nobody is told: it would be a way to fill a mailbox.
      if (!(await this.throttle.countOne(unit, `rt:${asciiEmailKey(email)}`, one, now))) return true;
    }
    return this.outbox.add(unit, { kind: this.name, destination: this.name, payload: { email } }, now);
  }

  async deliver(payload: unknown, { now }: DeliveryAttempt): Promise<Delivery> {
    // Written by `ask`, and sealed since.
    const { email } = payload as { email: string };
    const lifetimeSeconds = this.settings.resetLinkLifetimeSeconds;
    const people = await this.users.findByEmail(email);
    const queued = await this.store.run(async (unit) => {
      let all = true;
      for (const user of people) {
        if (user.email === undefined || user.disabledAt !== undefined) continue;
        // Beside older links: whoever merely asks must not end the one that an administrator gave.
        const link = await this.links.makeAnother(unit, { userId: user.id, purpose: 'set-password' }, now);
        const values = {
          username: user.username,
          issuer: this.settings.issuer,
          link,
          lifetime: durationText(lifetimeSeconds),
        };
        // To the address that is registered, never to one that only compares equal.
        const mail = {
          to: user.email,
          text: 'password-reset',
          values,
          language: user.profile.locale,
          lifetimeSeconds,
        } as const;
        all = (await this.mailer.write(unit, mail, now)) && all;
      }
      return all;
    });
    return queued ? { outcome: 'delivered' } : { outcome: 'give up', reason: 'too many mails wait' };
  }
}
