import { createHmac } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { equalInConstantTime, type EpochSeconds } from '@gatehouse/domain/kernel';
import { Keyring } from '@gatehouse/platform/secrets/keyring';

/** A nonce is valid in its own period and in the next one: between five and ten minutes. */
const periodSeconds = 300;

/** Server nonces (RFC 9449 8). They are not stored: a nonce is an HMAC of its period under a key that all processes share. */
@Injectable()
export class DpopNonces {
  private readonly keys: readonly Buffer[];

  constructor(@Inject(Keyring) keyring: Keyring) {
    this.keys = keyring.derive('dpop nonce');
  }

  current(now: EpochSeconds): string {
    const [key] = this.keys;
    if (!key) throw new Error('No key is available for DPoP nonces.');
    return nonceOf(key, periodOf(now));
  }

  isFresh(nonce: string, now: EpochSeconds): boolean {
    const presented = Buffer.from(nonce);
    return this.keys.some((key) =>
      [periodOf(now), periodOf(now) - 1].some((period) =>
        equalInConstantTime(Buffer.from(nonceOf(key, period)), presented),
      ),
    );
  }
}

function periodOf(now: EpochSeconds): number {
  return Math.floor(now / periodSeconds);
}

function nonceOf(key: Buffer, period: number): string {
  return createHmac('sha256', key).update(String(period)).digest('base64url');
}
