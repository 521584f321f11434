import { generateSecret, generateURI, verifySync } from 'otplib';
import type { EpochSeconds } from '@gatehouse/domain/kernel';

/** RFC 6238 4.1: the default time step. */
const stepSeconds = 30;
/** 160 bits, the length of the HMAC's output (RFC 4226 4, R6). */
const seedBytes = 20;

/** A fresh seed in base32, as authenticator apps take it. */
export function newSeed(): string {
  return generateSecret({ length: seedBytes });
}

/** The address that a QR code holds: SHA-1, six digits, 30 seconds, which is what every app knows. */
export function keyUri(seed: string, label: { readonly issuer: string; readonly username: string }): string {
  return generateURI({ issuer: label.issuer, label: label.username, secret: seed });
}

/** A QR code as the address of an image: black on white whatever the page's colours, with the quiet zone that cameras need. */
export async function qrImage(text: string): Promise<string> {
  // Loaded with the first one: few pages show any.
  const { toString: drawQr } = await import('qrcode');
  const svg = await drawQr(text, { type: 'svg', errorCorrectionLevel: 'M', margin: 4 });
  return `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`;
}

/**
 * The time step that this code is of: the current one, the one before or the one after (RFC 6238 5.2).
 * @returns undefined for a wrong code, and for whatever is not six digits
 */
export function matchStep(seed: string, code: string, now: EpochSeconds): number | undefined {
  if (!/^\d{6}$/.test(code)) return undefined;
  const result = verifySync({
    secret: seed,
    token: code,
    epoch: now,
    period: stepSeconds,
    epochTolerance: stepSeconds,
  });
  return result.valid && 'timeStep' in result ? result.timeStep : undefined;
}

/** A code as people type it: apps show it in two groups. */
export function plainCode(typed: string): string {
  return typed.replace(/[\s-]/g, '').slice(0, 40);
}

/** In groups of four, as people read it aloud. */
export function groupedSeed(seed: string): string {
  return seed.match(/.{1,4}/g)?.join(' ') ?? seed;
}
