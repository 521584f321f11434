import type { Jwk } from '../jose/index.js';
import { hasWrittenHost } from '../kernel/index.js';
import { isLoopbackHost, redirectUriProblem } from './redirect-uri.js';

/** A JWK set as registered by the client (RFC 7517 5). */
export interface JwkSet {
  readonly keys: readonly Jwk[];
}

/** Reports a problem with a value, or with an entry of a list by index. */
export type ReportProblem = (message: string, index?: number) => void;

const maxUriCharacters = 2000;
const maxTextCharacters = 200;
const maxRedirectUris = 50;
const maxKeys = 20;
const maxKeySetCharacters = 32_000;

export function checkName(said: unknown, say: ReportProblem): string {
  const name = typeof said === 'string' ? said.trim() : '';
  if (name === '') say('Enter a name. People see it when they sign in.');
  else if (name.length > maxTextCharacters) say(`A name has at most ${maxTextCharacters} characters.`);
  // Bidirectional control characters could disguise a name on the consent page.
  else if (/[\p{Cc}\p{Cf}\p{Cs}]/u.test(name)) say('A name has no control characters.');
  return name;
}

export function checkApplicationType(said: unknown, say: ReportProblem): 'web' | 'native' {
  if (said === 'native' || said === 'web' || said === undefined) return said ?? 'web';
  say('Choose web or native.');
  return 'web';
}

export function checkRedirectUris(said: unknown, say: ReportProblem): readonly string[] {
  const uris = Array.isArray(said) ? said.filter((each): each is string => typeof each === 'string') : [];
  if (uris.length > maxRedirectUris) say(`At most ${maxRedirectUris} addresses.`);
  const kept = uris.slice(0, maxRedirectUris);
  kept.forEach((uri, index) => {
    const problem = redirectUriProblem(uri);
    if (problem) say(problem, index);
  });
  return [...new Set(kept)];
}

export function checkText(value: string, say: ReportProblem): void {
  if (value.length > maxTextCharacters) say(`At most ${maxTextCharacters} characters.`);
  if (/[\p{Cc}\p{Cf}\p{Cs}]/u.test(value)) say('No control characters.');
}

export function checkUri(value: string, say: ReportProblem): void {
  const problem = uriProblem(value);
  if (problem !== undefined) say(problem);
}

export function checkUriWithFragment(value: string, say: ReportProblem): void {
  const problem = uriProblem(value, 'fragment allowed');
  if (problem !== undefined) say(problem);
}

export function checkSeconds(value: unknown, say: ReportProblem): number | undefined {
  if (typeof value !== 'number') return undefined;
  if (!(Number.isSafeInteger(value) && value >= 0)) say('A whole number of seconds.');
  return value;
}

/** What is wrong with a URL that this server or a user's browser will open; http is allowed only for loopback. */
function uriProblem(value: string, fragment: 'no fragment' | 'fragment allowed' = 'no fragment'): string | undefined {
  if (value.length > maxUriCharacters) return `An address has at most ${maxUriCharacters} characters.`;
  if (!/^[\x21-\x7e]+$/.test(value) || /["<>\\^`{|}]/.test(value)) return 'An address is ASCII without spaces.';
  let url: URL;
  try {
    url = new URL(value);
  } catch {
    return 'This is not an absolute address.';
  }
  if (fragment === 'no fragment' && value.includes('#')) return 'This address has no fragment (#).';
  if (url.username !== '' || url.password !== '') return 'This address must not contain a user name or password.';
  if (/^https?:$/.test(url.protocol) && !hasWrittenHost(value))
    return 'Write the address in full, as a browser shows it: https://host/path.';
  if (url.protocol === 'https:') return undefined;
  if (url.protocol === 'http:' && isLoopbackHost(url.hostname)) return undefined;
  return 'Use an https address.';
}

/** Validates a set of public keys (RFC 7517 5). */
export function checkKeys(jwks: unknown, say: ReportProblem): JwkSet | undefined {
  if (typeof jwks !== 'object' || jwks === null) return undefined;
  const keys: unknown = 'keys' in jwks ? jwks.keys : undefined;
  if (!Array.isArray(keys) || keys.some((key) => typeof key !== 'object' || key === null || Array.isArray(key))) {
    say('A JWK set has a member "keys" with a list of keys (RFC 7517 5).');
    return undefined;
  }
  if (keys.length > maxKeys || JSON.stringify(jwks).length > maxKeySetCharacters) {
    say(`At most ${maxKeys} keys and ${maxKeySetCharacters} characters.`);
    return undefined;
  }
  // Each is an object; its members are validated where a key is used.
  const checked = keys as readonly Jwk[];
  if (checked.some((key) => ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'].some((member) => member in key)))
    say('Register public keys only: this set has a private or symmetric key in it.');
  return { keys: checked };
}
