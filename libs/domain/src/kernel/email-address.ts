import { domainToASCII, domainToUnicode } from 'node:url';

/** Maximum length of an e-mail address in code units (RFC 5321 4.5.3.1.3). */
export const maxEmailUnits = 254;

/** Excludes address separators and invisible or replacement characters: two addresses must not look the same. */
const part = String.raw`[^\s\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\uFFFD@<>"',;:\\]+`;
const address = new RegExp(`^${part}@${part}$`, 'u');

/** True for exactly one e-mail address, without a name, comments or invisible characters. */
export function isEmailAddress(text: string): boolean {
  if (text.length > maxEmailUnits || !address.test(text)) return false;
  const domain = text.slice(text.lastIndexOf('@') + 1);
  return isAscii(domain) || asciiDomain(domain) !== undefined;
}

/**
 * The lookup key of an address: a non-ASCII domain is in the Unicode form of IDNA (UTS 46), so that `corp。example` is
 * `corp.example`. ASCII addresses are only lower-cased.
 */
export function emailKey(email: string): string {
  return keyBy(email, unicodeDomain);
}

/** The key for comparing two addresses: the domain in the ASCII form of IDNA (RFC 5890 2.3.2.1). */
export function asciiEmailKey(email: string): string {
  return keyBy(email, (domain) => domain);
}

/** All keys under which this mailbox may be stored: Unicode, ASCII, and as typed. */
export function emailKeys(email: string): readonly [string, string, string] {
  const ascii = asciiEmailKey(email);
  const at = ascii.lastIndexOf('@');
  const domain = ascii.slice(at + 1);
  const unicode = at < 0 || !isHostName(domain) ? ascii : ascii.slice(0, at + 1) + unicodeDomain(domain);
  return [unicode, ascii, email.toLowerCase()];
}

/** @param ofDomain converts a domain in its ASCII form */
function keyBy(email: string, ofDomain: (domain: string) => string): string {
  const lower = email.toLowerCase();
  const at = lower.lastIndexOf('@');
  const domain = lower.slice(at + 1);
  if (at < 0 || isAscii(domain)) return lower;
  const ascii = asciiDomain(domain);
  return ascii === undefined ? lower : lower.slice(0, at + 1) + ofDomain(ascii);
}

/**
 * The ASCII form of a non-ASCII domain; undefined if it is not a domain name. The WHATWG URL parser alone would stop at `/`,
 * `?` and `#`, and read 0x7f.1 as an IPv4 address.
 */
function asciiDomain(domain: string): string | undefined {
  if (/[^\P{ASCII}a-z0-9.-]/iu.test(domain)) return undefined;
  const ascii = domainToASCII(domain);
  return isHostName(ascii) ? ascii : undefined;
}

/** @param domain in its ASCII form */
function unicodeDomain(domain: string): string {
  return /(^|\.)xn--/.test(domain) ? domainToUnicode(domain) || domain : domain;
}

function isAscii(text: string): boolean {
  return /^\p{ASCII}*$/u.test(text);
}

function isHostName(text: string): boolean {
  return /^[a-z0-9.-]+$/.test(text);
}
