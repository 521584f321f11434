import { domainToASCII, domainToUnicode } from 'node:url';

/** An e-mail address in code units (RFC 5321 4.5.3.1.3). */
export const mostEmailUnits = 254;

/** Separators of addresses, and what is not seen or stands for something lost: two addresses must not look like one. */
const part = String.raw`[^\s\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\uFFFD@<>"',;:\\]+`;
const address = new RegExp(`^${part}@${part}$`, 'u');

/** True for the text of exactly one e-mail address, without a name, comments or invisible characters. */
export function isEmailAddress(text: string): boolean {
  return text.length <= mostEmailUnits && address.test(text);
}

/**
 * The form in which an address is stored for look-ups: a domain that is not ASCII in the Unicode form of IDNA (UTS 46),
 * so that `corp。example` is `corp.example`. ASCII addresses are only put in lower case.
 */
export function emailKey(email: string): string {
  return keyBy(email, (domain) => domainToUnicode(domainToASCII(domain)));
}

/** The form in which two addresses are compared: the domain in the ASCII form of IDNA (RFC 5890 2.3.2.1). */
export function asciiEmailKey(email: string): string {
  return keyBy(email, domainToASCII);
}

/** All keys that a stored address may have which names this mailbox: in Unicode, in ASCII, and as it was typed. */
export function emailKeys(email: string): readonly [string, string, string] {
  const ascii = asciiEmailKey(email);
  const at = ascii.lastIndexOf('@');
  const unicode = domainToUnicode(ascii.slice(at + 1));
  return [at < 0 || unicode === '' ? ascii : ascii.slice(0, at + 1) + unicode, ascii, email.toLowerCase()];
}

function keyBy(email: string, ofDomain: (domain: string) => string): string {
  const lower = email.toLowerCase();
  const at = lower.lastIndexOf('@');
  const domain = lower.slice(at + 1);
  // What is ASCII stays what it is: the URL Standard's functions would read 0x7f.1 as an IPv4 address.
  if (at < 0 || /^\p{ASCII}*$/u.test(domain)) return lower;
  // Empty for what is no domain name.
  return lower.slice(0, at + 1) + (ofDomain(domain) || domain);
}
