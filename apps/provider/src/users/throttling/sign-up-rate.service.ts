import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import type { Unit } from '@gatehouse/platform/database/store';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { LoginThrottle } from './login-throttle.service.js';

const hour = 3600;
const accounts = { most: 30, seconds: hour };
/** Passwords that are refused make no account, and the rules that refuse them cost time: people try a few of them. */
const passwords = { most: 150, seconds: hour };

/** How many accounts one address may make, and how often one invitation is tried: what strangers can do is bounded. */
@Injectable()
export class SignUpRate {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(LoginThrottle) private readonly throttle: LoginThrottle,
  ) {}

  /** @param source whose accounts are counted: an address, or an invitation with its tries */
  async count(unit: Unit, source: string, now: EpochSeconds): Promise<boolean> {
    return !this.settings.throttle || this.throttle.countOne(unit, `s:${source}`, accounts, now);
  }

  /** To be counted before the rules of passwords look at one. @param source as for {@link count} */
  async countPassword(unit: Unit, source: string, now: EpochSeconds): Promise<boolean> {
    return !this.settings.throttle || this.throttle.countOne(unit, `sp:${source}`, passwords, now);
  }

  /** Takes back what {@link count} counted. */
  giveBack(unit: Unit, source: string): Promise<void> {
    return this.throttle.giveBackOne(unit, `s:${source}`);
  }

  /** Takes back what {@link countPassword} counted. */
  giveBackPassword(unit: Unit, source: string): Promise<void> {
    return this.throttle.giveBackOne(unit, `sp:${source}`);
  }
}
