/** Identifies a row: a safe integer, ordered by time. */
export type Selector = number & { readonly __unit: 'selector' };

/** A code, token, link or cookie value: the selector identifies the row, the verifier (256 random bits) authenticates it. */
export interface Token {
  readonly selector: Selector;
  /** 43 characters of base64url. */
  readonly verifier: string;
}

/** 11 base-36 digits for the largest safe integer, a dot, 43 characters of verifier. */
const maxCharacters = 55;
// The last base64url character of 32 bytes has two bits that must be zero: each token has only one representation.
const form = /^([0-9a-z]{1,11})\.([A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])$/;

/** Formats a token: `<selector in base 36>.<verifier>`. */
export function formatToken(token: Token): string {
  return `${token.selector.toString(36)}.${token.verifier}`;
}

/** Parses the output of `toString(36)`; undefined for anything else. */
export function parseSelector(text: unknown): Selector | undefined {
  if (typeof text !== 'string' || !/^[0-9a-z]{1,11}$/.test(text)) return undefined;
  const selector = Number.parseInt(text, 36);
  return Number.isSafeInteger(selector) && selector.toString(36) === text ? (selector as Selector) : undefined;
}

/** Parses a token; undefined for anything that {@link formatToken} does not produce. */
export function parseToken(text: string): Token | undefined {
  if (text.length > maxCharacters) return undefined;
  const parts = form.exec(text);
  if (!parts?.[1] || !parts[2]) return undefined;
  const selector = parseSelector(parts[1]);
  return selector === undefined ? undefined : { selector, verifier: parts[2] };
}
