import { generateSecret, generateURI, verifySync } from 'otplib';
import type { EpochSeconds } from '@gatehouse/domain/kernel';

/** RFC 6238 4.1: the default time step. */
const stepSeconds = 30;
/** 160 bits, the length of the HMAC's output (RFC 4226 4, R6). */
const seedBytes = 20;

/** Generates a seed in base32, the format of authenticator apps. */
export function newSeed(): string {
  return generateSecret({ length: seedBytes });
}

/** The `otpauth:` URI of the QR code: SHA-1, six digits, 30 seconds, which every app supports. */
export function keyUri(seed: string, label: { readonly issuer: string; readonly username: string }): string {
  return generateURI({ issuer: label.issuer, label: label.username, secret: seed });
}

/** A QR code as a `data:` URL: black on white in every color scheme, with the quiet zone that cameras need. */
export async function qrImage(text: string): Promise<string> {
  // Loaded on first use: few pages show a QR code.
  const { toString: drawQr } = await import('qrcode');
  const svg = await drawQr(text, { type: 'svg', errorCorrectionLevel: 'M', margin: 4 });
  return `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`;
}

/**
 * The time step of a code: the current, the previous or the next one (RFC 6238 5.2).
 * @returns undefined if the code is wrong or not six digits
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

/** Normalizes a code as typed: apps show it in two groups. */
export function plainCode(typed: string): string {
  return typed.replace(/[\s-]/g, '').slice(0, 40);
}

/** Formats a seed in groups of four, which are easier to read and type. */
export function groupedSeed(seed: string): string {
  return seed.match(/.{1,4}/g)?.join(' ') ?? seed;
}
