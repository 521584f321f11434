import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto';
import { randomBuffer } from './random.js';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
export const KEY_BYTES = 32;

/** The text was not sealed with one of these keys for this location, or was modified. */
export class UnsealError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UnsealError';
  }
}

/**
 * AES-256-GCM with a random nonce: base64url of nonce, ciphertext and tag.
 * @param key 32 bytes, derived for this purpose
 * @param place associated data: where the text is stored (`table.column:row`); it cannot be opened for another location
 */
export function sealWith(key: Buffer, place: string, plain: Buffer | string): string {
  const nonce = randomBuffer(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(place));
  const body = typeof plain === 'string' ? Buffer.from(plain) : plain;
  return Buffer.concat([nonce, cipher.update(body), cipher.final(), cipher.getAuthTag()]).toString('base64url');
}

/** @throws UnsealError when key, place or text differ from those of {@link sealWith} */
export function openWith(key: Buffer, place: string, sealed: string): Buffer {
  const bytes = Buffer.from(sealed, 'base64url');
  if (bytes.length < NONCE_BYTES + TAG_BYTES) throw new UnsealError('a sealed text is too short');
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(place)).setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch (cause) {
    throw new UnsealError('a sealed text cannot be opened for this location', { cause });
  }
}

/** 32 bytes for one purpose from a longer-lived secret, a key or a presented verifier. @see RFC 5869 */
export function deriveKey(secret: Buffer | string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', purpose, KEY_BYTES));
}

/** As {@link deriveKey}, for a uniformly random secret, which needs no extraction. @see RFC 5869 2.3, 3.3 */
export function expandKey(secret: string, purpose: string): Buffer {
  return createHmac('sha256', secret).update(`${purpose}\x01`).digest();
}

interface SealingKey {
  readonly id: string;
  readonly key: Buffer;
}

/** The keys of `GATEHOUSE_SECRET_KEY`: the first encrypts, all decrypt. They are only used to derive other keys. */
export class Keyring {
  private readonly sealing: readonly [SealingKey, ...SealingKey[]];
  private readonly derived = new Map<string, readonly Buffer[]>();

  /** @param keys 32 bytes each, at least one */
  constructor(private readonly keys: readonly Buffer[]) {
    if (keys.some((key) => key.length !== KEY_BYTES)) throw new RangeError('a key must have 32 bytes');
    const [first, ...rest] = keys.map((key) => ({
      id: deriveKey(key, 'gatehouse key id').toString('base64url', 0, 6),
      key: deriveKey(key, 'gatehouse seal'),
    }));
    if (!first) throw new RangeError('a keyring requires at least one key');
    this.sealing = [first, ...rest];
  }

  /** The text to store: the key's id, a dot, the sealed bytes. @param place `table.column:row` */
  seal(place: string, plain: Buffer | string): string {
    const { id, key } = this.sealing[0];
    return `${id}.${sealWith(key, place, plain)}`;
  }

  /** @throws UnsealError when it was sealed with an unknown key, or for another location */
  open(place: string, sealed: string): Buffer {
    const dot = sealed.indexOf('.');
    const id = sealed.slice(0, dot);
    const found = this.sealing.find((candidate) => candidate.id === id);
    if (!found) throw new UnsealError('a text was sealed with a key that is not among those of GATEHOUSE_SECRET_KEY');
    return openWith(found.key, place, sealed.slice(dot + 1));
  }

  /** True when a text was sealed with a key that is no longer the first: seal it again when it is next written. */
  isSealedByOldKey(sealed: string): boolean {
    return !sealed.startsWith(`${this.sealing[0].id}.`);
  }

  /** A key for one purpose from each key; the first is current, the others verify older values. */
  derive(purpose: string): readonly Buffer[] {
    const known = this.derived.get(purpose);
    if (known) return known;
    const made = this.keys.map((key) => deriveKey(key, `gatehouse ${purpose}`));
    this.derived.set(purpose, made);
    return made;
  }
}
