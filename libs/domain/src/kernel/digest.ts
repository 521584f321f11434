import { hash, timingSafeEqual } from 'node:crypto';

/** SHA-256 (FIPS 180-4); text is hashed as UTF-8. */
export function sha256(value: string | Uint8Array): Buffer {
  // A quarter of the cost of a Hash object; hex is the fastest output.
  return Buffer.from(hash('sha256', value, 'hex'), 'hex');
}

/** Compares in constant time. Lengths are not secret. */
export function equalInConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && timingSafeEqual(a, b);
}
