import { createHmac } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { addSeconds, epochSeconds, equalInConstantTime, type EpochSeconds } from '@gatehouse/domain/kernel';
import { Keyring } from '@gatehouse/platform/secrets/keyring';
import { newSecret } from '@gatehouse/platform/secrets/random';
import type { Unit } from '@gatehouse/platform/database/store';
import { ReplayCache } from '../../replay/replay-cache.service.js';

/** How long a page may stay open before its button is pressed; the page reloads its challenge earlier. */
const lifetimeSeconds = 3600;

/** What a challenge is bound to; it is invalid anywhere else. */
export interface ChallengeBinding {
  readonly purpose: 'login' | 'factor' | 'enroll';
  /** The value of the browser cookie: a response from another browser is rejected. */
  readonly browserId: string;
  /** Empty while the user is unknown. */
  readonly userId: string;
}

/**
 * Challenges for authenticators (WebAuthn 13.4.3). A challenge authenticates itself with a MAC, so that anonymous requests to the
 * login page store nothing. It is consumed by a valid response, which only the holder of a registered key can create.
 */
@Injectable()
export class Challenges {
  constructor(
    @Inject(Keyring) private readonly keyring: Keyring,
    @Inject(ReplayCache) private readonly replay: ReplayCache,
  ) {}

  /** Creates a challenge as text; browsers sign its bytes. */
  make(place: ChallengeBinding, now: EpochSeconds): string {
    const body = `${now.toString(36)}.${newSecret()}`;
    const [key] = this.keyring.derive('passkey challenge');
    if (!key) throw new Error('No key is available to authenticate challenges.');
    return `${body}.${sign(key, place, body).toString('base64url')}`;
  }

  /** True if this server issued it for this place and it is valid. @param sent base64url of the bytes, as in clientDataJSON */
  isGenuine(place: ChallengeBinding, sent: string, now: EpochSeconds): boolean {
    const [, body, issuedAt, mac] = match(sent) ?? [];
    if (body === undefined || issuedAt === undefined || mac === undefined) return false;
    const at = parseInt(issuedAt, 36);
    if (at > now + 60 || at + lifetimeSeconds <= now) return false;
    const presented = Buffer.from(mac, 'base64url');
    return this.keyring
      .derive('passkey challenge')
      .some((key) => equalInConstantTime(sign(key, place, body), presented));
  }

  /** Consumes a challenge. True for exactly one caller. */
  async consume(unit: Unit, sent: string, now: EpochSeconds): Promise<boolean> {
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

function sign(key: Buffer, { purpose, browserId, userId }: ChallengeBinding, body: string): Buffer {
  return createHmac('sha256', key).update(`${purpose}.${browserId}.${userId}.${body}`).digest();
}
