import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { Keyring } from '@gatehouse/platform/secrets/keyring';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { CurrentSettings } from '../../settings/current-settings.js';
import type { User } from '../user.js';
import { groupedSeed, keyUri, newSeed, qrImage } from './totp.js';

/** How long a QR code is valid before its seed is replaced. */
const offerSeconds = 3600;

/** Data of the page that adds an authenticator app. */
export interface TotpOffer {
  /** The seed, encrypted for this user: the form sends it back, and it is stored only when a code confirms it. */
  readonly sealed: string;
  readonly seed: string;
  readonly uri: string;
  /** `data:` URL of an SVG. */
  readonly qr: string;
}

/** Offers seeds to authenticator apps. The page's form carries the encrypted offer. */
@Injectable()
export class TotpOffers {
  constructor(
    @Inject(Keyring) private readonly keyring: Keyring,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(CurrentSettings) private readonly current: CurrentSettings,
  ) {}

  /** @param sealed the offer for which a wrong code was entered: the app has its seed already, so it is kept */
  async make(user: User, now: EpochSeconds, sealed?: string): Promise<TotpOffer> {
    const existingSeed = sealed === undefined ? undefined : this.open(user.id, sealed, now);
    const seed = existingSeed ?? newSeed();
    const issuer = `${this.current.current().productName} (${new URL(this.settings.issuer).hostname})`;
    const uri = keyUri(seed, { issuer, username: user.username });
    return {
      sealed: existingSeed === undefined || sealed === undefined ? this.seal(user.id, seed, now) : sealed,
      seed: groupedSeed(seed),
      uri,
      qr: await qrImage(uri),
    };
  }

  /** Returns the seed of an offer; undefined if it has expired, belongs to another user or is forged. */
  open(userId: string, sealed: string, now: EpochSeconds): string | undefined {
    if (sealed.length > 500) return undefined;
    try {
      const { seed, at } = JSON.parse(this.keyring.open(offerLabel(userId), sealed).toString('utf8')) as {
        seed: string;
        at: number;
      };
      return at + offerSeconds > now ? seed : undefined;
    } catch {
      return undefined; // forged, of another user, or encrypted with a key that was removed
    }
  }

  private seal(userId: string, seed: string, now: EpochSeconds): string {
    return this.keyring.seal(offerLabel(userId), JSON.stringify({ seed, at: now }));
  }
}

function offerLabel(userId: string): string {
  return `totp_factors.offer:${userId}`;
}
