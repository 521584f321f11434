/**
 * The Content-Security-Policy of a page: scripts and styles from this server's files only, nothing inline.
 * @param formActionSchemes schemes to which a form may redirect, in addition to this origin. Not origins: Chromium applies
 *   form-action to every later redirect, including the client's own to a third origin.
 * @param frameOrigins origins that may be framed; none by default
 * @see CSP Level 3 6.4.1
 */
export function pagePolicy(formActionSchemes: readonly string[], frameOrigins: readonly string[] = []): string {
  if (formActionSchemes.length === 0 && frameOrigins.length === 0) return PLAIN_PAGE_POLICY;
  const schemes = formActionSchemes.map((scheme) => ` ${checkScheme(scheme)}`).join('');
  const frames = frameOrigins.length === 0 ? '' : `; frame-src ${frameOrigins.map(checkOrigin).join(' ')}`;
  return `${PAGE_SOURCES}; form-action 'self'${schemes}${frames}`;
}

/** A page that only posts itself to another origin. */
export function formPostPolicy(action: string): string {
  const scheme = checkScheme(new URL(action).protocol);
  return `default-src 'none'; script-src 'self'; form-action ${scheme}; frame-ancestors 'none'; base-uri 'none'`;
}

/** A page without visible content or controls, which any site may frame: it runs a script of this server. */
export const FRAMED_PAGE_POLICY =
  "default-src 'none'; script-src 'self'; form-action 'none'; frame-ancestors *; base-uri 'none'";

/** JSON, tokens, style sheets, scripts, downloads: opened as a document, such a response loads nothing and is not framed. */
export const NON_PAGE_POLICY = "default-src 'none'; frame-ancestors 'none'";

/** An SVG image opened as a document could run scripts: sandboxed, it keeps only its inline styles. */
const SVG_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox";

/** The policy of a response that is not a page. */
export function contentPolicy(contentType: string): string {
  return contentType.startsWith('image/svg+xml') ? SVG_POLICY : NON_PAGE_POLICY;
}

const PAGE_SOURCES =
  "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; " +
  "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'";
const PLAIN_PAGE_POLICY = `${PAGE_SOURCES}; form-action 'self'`;

/** The scheme becomes part of a header: a space or a semicolon would start another directive. */
function checkScheme(scheme: string): string {
  if (!/^[a-z][a-z0-9+.-]*:$/i.test(scheme)) throw new RangeError('a form-action scheme is written like "https:"');
  return scheme.toLowerCase();
}

/** As {@link checkScheme}: only what `URL` serializes as an origin gets into the header. */
function checkOrigin(origin: string): string {
  if (new URL(origin).origin !== origin) throw new RangeError('a frame origin is written like "https://host:port"');
  return origin;
}

/**
 * The values of GATEHOUSE_HSTS. `host` is the default: other hosts of the domain may not support https yet, and a browser
 * that received includeSubDomains rejects them for a year.
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
