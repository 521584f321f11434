/**
 * An address of our own to go to after a login: a path with its query, nothing else. What browsers take for another
 * host (`//host`, `/\host`, control characters) is refused: that would be an open redirector.
 */
export function localAddress(text: string | undefined): string | undefined {
  if (text === undefined || text.length > 2000 || !/^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(text)) return undefined;
  const url = new URL(text, 'http://localhost');
  return url.host === 'localhost' && url.pathname.startsWith('/') && !url.pathname.startsWith('//')
    ? url.pathname + url.search
    : undefined;
}
