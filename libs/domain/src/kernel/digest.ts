import { createHash, timingSafeEqual } from 'node:crypto';

/** SHA-256 (FIPS 180-4); text is hashed as UTF-8. */
export function sha256(value: string | Uint8Array): Buffer {
  return createHash('sha256').update(value).digest();
}

/** Compares without telling by time where the difference is. Lengths are no secret here. */
export function equalInConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && timingSafeEqual(a, b);
}
