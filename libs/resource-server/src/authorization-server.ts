import { Refusal } from './refusal.js';

/** Fetches a JSON document, like the global `fetch`. */
export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

export interface ServerMetadata {
  readonly issuer: string;
  readonly jwksUri: string | undefined;
  readonly introspectionEndpoint: string | undefined;
}

const timeoutMilliseconds = 5000;
const maxAgeMilliseconds = 3_600_000;

/** The authorization server's metadata, fetched on first use and once an hour. @see RFC 8414 */
export class AuthorizationServer {
  private cached: { readonly metadata: Promise<ServerMetadata>; readonly at: number } | undefined;

  constructor(
    readonly issuer: string,
    private readonly fetch: Fetch,
  ) {}

  /** @throws Refusal unavailable */
  metadata(): Promise<ServerMetadata> {
    if (this.cached && Date.now() - this.cached.at < maxAgeMilliseconds) return this.cached.metadata;
    const metadata = this.read();
    const cached = { metadata, at: Date.now() };
    this.cached = cached;
    // A failure is not cached: the next request tries again.
    metadata.catch(() => {
      if (this.cached === cached) this.cached = undefined;
    });
    return metadata;
  }

  private async read(): Promise<ServerMetadata> {
    try {
      const { origin, pathname } = new URL(this.issuer);
      // RFC 8414 3.1: inserted between the host and the issuer's path
      const url = `${origin}/.well-known/oauth-authorization-server${pathname === '/' ? '' : pathname}`;
      const response = await this.fetch(url, { redirect: 'error', signal: AbortSignal.timeout(timeoutMilliseconds) });
      if (response.status !== 200) throw new TypeError(`the metadata request returned status ${response.status}`);
      const document = (await response.json()) as Record<string, unknown>;
      // RFC 8414 3.3: the issuer in the document must be the expected one
      if (document['issuer'] !== this.issuer) throw new TypeError('the metadata has another issuer');
      return {
        issuer: this.issuer,
        jwksUri: textOf(document['jwks_uri']),
        introspectionEndpoint: textOf(document['introspection_endpoint']),
      };
    } catch (cause) {
      throw new Refusal('unavailable', 'The authorization server cannot be reached.', [], { cause });
    }
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
