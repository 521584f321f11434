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
/** Per hour and network address, and per hour and mail address, whether it is registered or not. */
const maxPerNetwork = 20;
const maxPerEmail = 3;

/**
 * Password resets by mail. A request is queued as it is, for registered and unknown addresses alike, and the outbox
 * looks up the account later, so that neither the response nor its timing reveals whether an address is registered
 * (OWASP ASVS 6.3.8).
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

  /** @returns false if this network address has sent too many requests, or the queue is full */
  async request(unit: Unit, email: string, addressKey: string, now: EpochSeconds): Promise<boolean> {
    if (this.settings.throttle) {
      const networkLimit = { most: maxPerNetwork, seconds: hour };
      if (!(await this.throttle.countOne(unit, `rf:${addressKey}`, networkLimit, now))) return false;
      const emailLimit = { most: maxPerEmail, seconds: hour };
      // Repeated requests for one address send no mail, and the response does not say so: otherwise anybody could flood
      // a mailbox.
      if (!(await this.throttle.countOne(unit, `rt:${asciiEmailKey(email)}`, emailLimit, now))) return true;
    }
    return this.outbox.add(unit, { kind: this.name, destination: this.name, payload: { email } }, now);
  }

  async deliver(payload: unknown, { now }: DeliveryAttempt): Promise<Delivery> {
    // Written by `request`, and encrypted since.
    const { email } = payload as { email: string };
    const lifetimeSeconds = this.settings.resetLinkLifetimeSeconds;
    const accounts = await this.users.findByEmail(email);
    const queued = await this.store.run(async (unit) => {
      let all = true;
      for (const { id, email: found } of accounts) {
        // Read again under a lock: an address that was changed since ends earlier links, and must get no new one.
        const user = await this.users.lockAndRead(unit, id);
        if (user?.email === undefined || user.email !== found || user.disabledAt !== undefined) continue;
        // Keeps earlier links: an anonymous request must not invalidate a link that an administrator created.
        const link = await this.links.createAdditional(unit, { userId: user.id, purpose: 'set-password' }, now);
        const values = {
          username: user.username,
          issuer: this.settings.issuer,
          link,
          lifetime: durationText(lifetimeSeconds),
        };
        // Sent to the registered address, never to the entered one, which may only compare equal.
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
