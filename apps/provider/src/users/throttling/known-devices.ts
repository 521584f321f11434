import { createHmac } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { equalInConstantTime, type EpochSeconds } from '@gatehouse/domain/kernel';
import { Keyring } from '@gatehouse/platform/secrets/keyring';
import { cookieName } from '@gatehouse/platform/http/browser-cookie';
import type { SetCookie } from '@gatehouse/platform/http/reply';
import { cookie, type WebRequest } from '@gatehouse/platform/http/request';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';

const lifetimeSeconds = 180 * 24 * 3600;
const maxAccounts = 5;

/**
 * Records which accounts this browser has signed in to, in a signed cookie that is bound to the browser cookie. It does not
 * authenticate the user; it only prevents failed logins of others from locking the owner out.
 */
@Injectable()
export class KnownDevices {
  private readonly name: string;
  private readonly secure: boolean;

  constructor(
    @Inject(Keyring) private readonly keyring: Keyring,
    @Inject(SETTINGS) settings: Settings,
  ) {
    this.secure = settings.issuer.startsWith('https:');
    this.name = cookieName('gatehouse_device', this.secure);
  }

  isKnown(request: WebRequest, browserId: string, userId: string, now: EpochSeconds): boolean {
    return this.read(request).some((entry) => entry.userId === userId && this.isGenuine(entry, browserId, now));
  }

  /** The cookie with this account added; keeps the five newest accounts. */
  remember(request: WebRequest, browserId: string, userId: string, now: EpochSeconds): SetCookie {
    const others = this.read(request).filter(
      (entry) => entry.userId !== userId && this.isGenuine(entry, browserId, now),
    );
    const entry = { userId, since: now as number, mac: this.sign(0, browserId, userId, now).toString('base64url') };
    const value = [entry, ...others]
      .slice(0, maxAccounts)
      .map((each) => `${each.userId}.${each.since}.${each.mac}`)
      .join('~');
    return { name: this.name, value, secure: this.secure, maxAgeSeconds: lifetimeSeconds };
  }

  private read(request: WebRequest): { userId: string; since: number; mac: string }[] {
    return (cookie(request, this.name) ?? '')
      .slice(0, 1000)
      .split('~')
      .slice(0, maxAccounts)
      .flatMap((text) => {
        const [userId, since, mac] = text.split('.');
        return userId && mac && /^\d{1,12}$/.test(since ?? '') ? [{ userId, since: Number(since), mac }] : [];
      });
  }

  private isGenuine(
    entry: { userId: string; since: number; mac: string },
    browserId: string,
    now: EpochSeconds,
  ): boolean {
    if (entry.since + lifetimeSeconds <= now) return false;
    const presented = Buffer.from(entry.mac, 'base64url');
    return this.keyring
      .derive('device')
      .some((_key, index) => equalInConstantTime(this.sign(index, browserId, entry.userId, entry.since), presented));
  }

  private sign(keyIndex: number, browserId: string, userId: string, since: number): Buffer {
    const key = this.keyring.derive('device')[keyIndex];
    if (!key) throw new Error('The keyring has no such key.');
    return createHmac('sha256', key).update(`${browserId}.${userId}.${since}`).digest();
  }
}
