import { hasWrittenHost } from '../kernel/index.js';
import { isLoopbackHost } from './redirect-uri.js';

const maxIdentifierCharacters = 500;

/** What is wrong with an API's identifier; undefined if nothing is (RFC 8707 2: an absolute URI without fragment). */
export function resourceIdentifierProblem(identifier: string): string | undefined {
  if (identifier === '') return 'Enter the address of the API.';
  if (identifier.length > maxIdentifierCharacters)
    return `An identifier has at most ${maxIdentifierCharacters} characters.`;
  if (!/^[\x21-\x7e]+$/.test(identifier) || /["<>\\^`{|}]/.test(identifier))
    return 'An identifier is ASCII without spaces, quotes, brackets or backslashes.';
  if (!/^[a-z][a-z0-9+.-]*:./i.test(identifier) || !URL.canParse(identifier)) return 'This is not an absolute URI.';
  if (identifier.includes('#')) return 'An identifier has no fragment (RFC 8707 2).';
  const url = new URL(identifier);
  if (url.username !== '' || url.password !== '') return 'An identifier must not contain a user name or password.';
  if (/^https?:$/.test(url.protocol) && !hasWrittenHost(identifier))
    return 'Write the address in full, as a browser shows it: https://host/path.';
  if (url.protocol === 'http:' && !isLoopbackHost(url.hostname))
    return 'Use an https URL or a URN. Plain http is allowed only for localhost.';
  return undefined;
}
