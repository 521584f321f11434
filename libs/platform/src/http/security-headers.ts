/**
 * What a page may load and do. Scripts and styles come from files of ours only; nothing is inline.
 * @param formActionSchemes where a form may lead by redirects beside ourselves. Schemes, never origins: Chromium applies
 *   form-action to every later redirect, the client's own to a third origin included.
 * @param frameOrigins what may be framed in it; nothing unless it is named
 * @see CSP Level 3 6.4.1
 */
export function pagePolicy(formActionSchemes: readonly string[], frameOrigins: readonly string[] = []): string {
  if (formActionSchemes.length === 0 && frameOrigins.length === 0) return PLAIN_PAGE_POLICY;
  const schemes = formActionSchemes.map((scheme) => ` ${checkScheme(scheme)}`).join('');
  const frames = frameOrigins.length === 0 ? '' : `; frame-src ${frameOrigins.map(checkOrigin).join(' ')}`;
  return `${PAGE_SOURCES}; form-action 'self'${schemes}${frames}`;
}

/** A page that does nothing but post itself to another origin. */
export function formPostPolicy(action: string): string {
  const scheme = checkScheme(new URL(action).protocol);
  return `default-src 'none'; script-src 'self'; form-action ${scheme}; frame-ancestors 'none'; base-uri 'none'`;
}

/** A page without anything to see or press, which anybody may put into a frame: it runs a script of ours. */
export const FRAMED_PAGE_POLICY =
  "default-src 'none'; script-src 'self'; form-action 'none'; frame-ancestors *; base-uri 'none'";

/** JSON, tokens, style sheets, scripts, downloads: opened as a document, such a response loads nothing and is not framed. */
export const NON_PAGE_POLICY = "default-src 'none'; frame-ancestors 'none'";

/** An SVG image that is opened as a document could run scripts: sandboxed, it keeps only its inline styles. */
const SVG_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox";

/** The policy of a response that is not a page. */
export function contentPolicy(contentType: string): string {
  return contentType.startsWith('image/svg+xml') ? SVG_POLICY : NON_PAGE_POLICY;
}

const PAGE_SOURCES =
  "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "frame-ancestors 'none'; base-uri 'none'";
const PLAIN_PAGE_POLICY = `${PAGE_SOURCES}; form-action 'self'`;

/** A scheme ends up inside a header: a space or a semicolon in it would be a policy of its own. */
function checkScheme(scheme: string): string {
  if (!/^[a-z][a-z0-9+.-]*:$/i.test(scheme)) throw new RangeError('a form-action scheme is written like "https:"');
  return scheme.toLowerCase();
}

/** As {@link checkScheme}: an origin is what `URL` says it is, and nothing else gets into the header. */
function checkOrigin(origin: string): string {
  if (new URL(origin).origin !== origin) throw new RangeError('a frame origin is written like "https://host:port"');
  return origin;
}

/**
 * The values of GATEHOUSE_HSTS. `host` is the default: other hosts under the domain may not serve https yet, and a
 * browser that was told includeSubDomains refuses them for a year.
 */
export const hstsScopes = ['host', 'subdomains', 'preload'] as const;
export type HstsScope = (typeof hstsScopes)[number];

/**
 * Strict-Transport-Security for a year. `preload` implies includeSubDomains, which the browsers' preload list requires.
 * @see RFC 6797 6.1
 */
export function strictTransportSecurity(scope: HstsScope): string {
  const directives = { host: '', subdomains: '; includeSubDomains', preload: '; includeSubDomains; preload' };
  return `max-age=31536000${directives[scope]}`;
}
