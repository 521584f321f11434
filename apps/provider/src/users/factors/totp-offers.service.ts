import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { Keyring } from '@gatehouse/platform/secrets/keyring';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import type { User } from '../user.js';
import { groupedSeed, keyUri, newSeed, qrImage } from './totp.js';

/** How long a QR code may be looked at before its seed is another one. */
const offerSeconds = 3600;

/** What the page shows that adds an authenticator app. */
export interface TotpOffer {
  /** The seed, sealed for this person: it comes back with the form, nothing is stored until a code confirms it. */
  readonly sealed: string;
  readonly seed: string;
  readonly uri: string;
  /** `data:` address of an SVG. */
  readonly qr: string;
}

/** Offers seeds to authenticator apps. The offer travels with the page's form, sealed. */
@Injectable()
export class TotpOffers {
  private readonly label: string;

  constructor(
    @Inject(Keyring) private readonly keyring: Keyring,
    @Inject(SETTINGS) settings: Settings,
  ) {
    this.label = `${settings.productName} (${new URL(settings.issuer).hostname})`;
  }

  /** @param sealed of the offer that a wrong code was typed for: the app has it already, so it stays */
  async make(user: User, now: EpochSeconds, sealed?: string): Promise<TotpOffer> {
    const kept = sealed === undefined ? undefined : this.open(user.id, sealed, now);
    const seed = kept ?? newSeed();
    const uri = keyUri(seed, { issuer: this.label, username: user.username });
    return {
      sealed: kept === undefined || sealed === undefined ? this.seal(user.id, seed, now) : sealed,
      seed: groupedSeed(seed),
      uri,
      qr: await qrImage(uri),
    };
  }

  /** The seed of an offer; undefined where it is too old, somebody else's or forged. */
  open(userId: string, sealed: string, now: EpochSeconds): string | undefined {
    if (sealed.length > 500) return undefined;
    try {
      const { seed, at } = JSON.parse(this.keyring.open(offerPlace(userId), sealed).toString('utf8')) as {
        seed: string;
        at: number;
      };
      return at + offerSeconds > now ? seed : undefined;
    } catch {
      return undefined; // forged, somebody else's, or sealed with a key that is gone
    }
  }

  private seal(userId: string, seed: string, now: EpochSeconds): string {
    return this.keyring.seal(offerPlace(userId), JSON.stringify({ seed, at: now }));
  }
}

function offerPlace(userId: string): string {
  return `totp_factors.offer:${userId}`;
}
