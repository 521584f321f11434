import { hasWrittenHost } from '../kernel/index.js';

const maxCharacters = 2000;
/** Schemes that run code or access local data in a browser: never a valid redirect target. */
const dangerousSchemes = new Set([
  'javascript:',
  'data:',
  'vbscript:',
  'file:',
  'blob:',
  'about:',
  'view-source:',
  'filesystem:',
  'ws:',
  'wss:',
  'ftp:',
  'mailto:',
  'tel:',
]);

/** True for hosts that never leave this machine: 127.0.0.0/8, [::1], localhost and its subdomains (RFC 6761 6.3). */
export function isLoopbackHost(hostname: string): boolean {
  const name = hostname.toLowerCase().replace(/\.$/, '');
  if (name === 'localhost' || name.endsWith('.localhost')) return true;
  return name === '[::1]' || name === '::1' || /^127(\.\d{1,3}){3}$/.test(name);
}

/**
 * What is wrong with a redirect URI for registration; undefined if nothing is.
 * @see RFC 6749 3.1.2, RFC 8252 7.1 (private-use schemes carry a domain name), RFC 9700 4.1
 */
export function redirectUriProblem(uri: string): string | undefined {
  if (uri.length > maxCharacters) return `A redirect URI has at most ${maxCharacters} characters.`;
  // Characters that browsers drop or rewrite would break the later string comparison.
  if (!/^[\x21-\x7e]+$/.test(uri) || /["<>\\^`{|}]/.test(uri))
    return 'A redirect URI is ASCII without spaces, quotes, brackets or backslashes.';
  let url: URL;
  try {
    url = new URL(uri);
  } catch {
    return 'This is not an absolute URI.';
  }
  if (uri.includes('#')) return 'A redirect URI has no fragment (#).';
  if (uri.includes('*')) return 'Wildcards are not supported: register each address.';
  if (dangerousSchemes.has(url.protocol)) return 'Redirects to this scheme are not allowed.';
  if (url.username !== '' || url.password !== '') return 'A redirect URI must not contain a user name or password.';
  if (isWeb(url) && !hasWrittenHost(uri)) return 'Write the address in full, as a browser shows it: https://host/path.';
  if (url.protocol === 'https:') return undefined;
  if (url.protocol === 'http:')
    // A trailing dot makes another origin of the same host.
    return isLoopbackHost(url.hostname) && !url.hostname.endsWith('.')
      ? undefined
      : 'Use https. Plain http is allowed only for localhost, 127.0.0.1 and [::1].';
  return url.protocol.includes('.')
    ? undefined
    : 'A private scheme needs a domain name in reverse, such as com.example.app:/callback.';
}

function isWeb(url: URL): boolean {
  return url.protocol === 'https:' || url.protocol === 'http:';
}

/**
 * True when a redirect URI matches a registered one. Compared as strings, because prefix or pattern matching would be the open
 * redirector of RFC 6749 10.15. Only the port of a native application's loopback URI may differ.
 * @see RFC 6749 3.1.2.3, RFC 8252 7.3, RFC 9700 2.1
 */
export function matchRedirectUri(
  registered: readonly string[],
  presented: string,
  applicationType: 'web' | 'native' = 'native',
): boolean {
  if (presented.length > maxCharacters) return false;
  if (registered.includes(presented)) return true;
  if (applicationType !== 'native') return false;
  const withoutPort = stripLoopbackPort(presented);
  return withoutPort !== undefined && registered.some((uri) => stripLoopbackPort(uri) === withoutPort);
}

/** The URI without its port for http://127.0.0.1 and http://[::1], otherwise unchanged. */
function stripLoopbackPort(uri: string): string | undefined {
  const parts = /^(http:\/\/(?:127\.0\.0\.1|\[::1\]))(?::([1-9]\d{0,4}))?((?:[/?].*)?)$/.exec(uri);
  if (!parts || Number(parts[2] ?? 80) > 65535) return undefined;
  return `${parts[1]}${parts[3]}`;
}
