import { createHmac } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { addSeconds, epochSeconds, equalInConstantTime, type EpochSeconds } from '@gatehouse/domain/kernel';
import { Keyring } from '@gatehouse/platform/secrets/keyring';
import { newSecret } from '@gatehouse/platform/secrets/random';
import type { Unit } from '@gatehouse/platform/database/store';
import { ReplayCache } from '../../replay/replay-cache.service.js';

/** As long as somebody may look at a page before they press its button; the page gets a new one by itself earlier. */
const lifetimeSeconds = 3600;

/** What a challenge is for; one for one thing is worth nothing for another. */
export interface ChallengePlace {
  readonly purpose: 'login' | 'factor' | 'enroll';
  /** The browser cookie's value: an answer that was made in another browser is refused. */
  readonly browserId: string;
  /** Whose; empty where nobody is known yet. */
  readonly userId: string;
}

/**
 * Challenges for authenticators (WebAuthn 13.4.3). A challenge carries its own proof, so that strangers at the login page
 * fill no table; it is spent when it was answered rightly, which only the holder of a registered key can do.
 */
@Injectable()
export class Challenges {
  constructor(
    @Inject(Keyring) private readonly keyring: Keyring,
    @Inject(ReplayCache) private readonly replay: ReplayCache,
  ) {}

  /** Text; what browsers sign is its bytes. */
  make(place: ChallengePlace, now: EpochSeconds): string {
    const body = `${now.toString(36)}.${newSecret()}`;
    const [key] = this.keyring.derive('passkey challenge');
    if (!key) throw new Error('challenges need a key');
    return `${body}.${sign(key, place, body).toString('base64url')}`;
  }

  /** True for one of ours, for this place, that has not expired. @param sent base64url of the bytes, as clientDataJSON has it */
  isGenuine(place: ChallengePlace, sent: string, now: EpochSeconds): boolean {
    const [, body, issuedAt, mac] = match(sent) ?? [];
    if (body === undefined || issuedAt === undefined || mac === undefined) return false;
    const at = parseInt(issuedAt, 36);
    if (at > now + 60 || at + lifetimeSeconds <= now) return false;
    const presented = Buffer.from(mac, 'base64url');
    return this.keyring
      .derive('passkey challenge')
      .some((key) => equalInConstantTime(sign(key, place, body), presented));
  }

  /** Spends it. True for exactly one caller. */
  async spend(unit: Unit, sent: string, now: EpochSeconds): Promise<boolean> {
    const issuedAt = match(sent)?.[2];
    const expiresAt = addSeconds(issuedAt === undefined ? now : epochSeconds(parseInt(issuedAt, 36)), lifetimeSeconds);
    return this.replay.use(unit, 'passkey challenge', sent, expiresAt, now);
  }
}

function match(sent: string): RegExpExecArray | null {
  if (sent.length > 200) return null;
  return /^(([0-9a-z]{1,8})\.[A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{43})$/.exec(
    Buffer.from(sent, 'base64url').toString('latin1'),
  );
}

function sign(key: Buffer, { purpose, browserId, userId }: ChallengePlace, body: string): Buffer {
  return createHmac('sha256', key).update(`${purpose}.${browserId}.${userId}.${body}`).digest();
}
