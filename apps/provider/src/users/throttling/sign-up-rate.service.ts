import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import type { Unit } from '@gatehouse/platform/database/store';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { LoginThrottle } from './login-throttle.service.js';

const hour = 3600;
const accounts = { most: 30, seconds: hour };
/** Higher, because rejected passwords create no account and users try a few; limited, because the password rules cost time. */
const passwords = { most: 150, seconds: hour };

/** Limits how many accounts one address may create, and how often one invitation may be tried. */
@Injectable()
export class SignUpRate {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(LoginThrottle) private readonly throttle: LoginThrottle,
  ) {}

  /** @param source an address, or an invitation */
  async count(unit: Unit, source: string, now: EpochSeconds): Promise<boolean> {
    return !this.settings.throttle || this.throttle.countOne(unit, `s:${source}`, accounts, now);
  }

  /** Counts a password before the password rules check it. @param source as for {@link count} */
  async countPassword(unit: Unit, source: string, now: EpochSeconds): Promise<boolean> {
    return !this.settings.throttle || this.throttle.countOne(unit, `sp:${source}`, passwords, now);
  }

  /** Undoes {@link count}. */
  revert(unit: Unit, source: string): Promise<void> {
    return this.throttle.revertOne(unit, `s:${source}`);
  }

  /** Undoes {@link countPassword}. */
  revertPassword(unit: Unit, source: string): Promise<void> {
    return this.throttle.revertOne(unit, `sp:${source}`);
  }
}
