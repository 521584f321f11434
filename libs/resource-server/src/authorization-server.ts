import { Refusal } from './refusal.js';

/** Reads a JSON document; the global `fetch` is one. */
export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

export interface ServerMetadata {
  readonly issuer: string;
  readonly jwksUri: string | undefined;
  readonly introspectionEndpoint: string | undefined;
}

const timeoutMilliseconds = 5000;
const freshMilliseconds = 3_600_000;

/** The authorization server's own document, read when it is first needed and once an hour. @see RFC 8414 */
export class AuthorizationServer {
  private held: { readonly metadata: Promise<ServerMetadata>; readonly at: number } | undefined;

  constructor(
    readonly issuer: string,
    private readonly fetch: Fetch,
  ) {}

  /** @throws Refusal unavailable */
  metadata(): Promise<ServerMetadata> {
    if (this.held && Date.now() - this.held.at < freshMilliseconds) return this.held.metadata;
    const metadata = this.read();
    const held = { metadata, at: Date.now() };
    this.held = held;
    // A failure is not kept: the next request tries again.
    metadata.catch(() => {
      if (this.held === held) this.held = undefined;
    });
    return metadata;
  }

  private async read(): Promise<ServerMetadata> {
    try {
      const { origin, pathname } = new URL(this.issuer);
      // RFC 8414 3.1: between the host and the issuer's path
      const url = `${origin}/.well-known/oauth-authorization-server${pathname === '/' ? '' : pathname}`;
      const answer = await this.fetch(url, { redirect: 'error', signal: AbortSignal.timeout(timeoutMilliseconds) });
      if (answer.status !== 200) throw new TypeError(`the metadata were answered with ${answer.status}`);
      const document = (await answer.json()) as Record<string, unknown>;
      // RFC 8414 3.3: another issuer's document says nothing about this one
      if (document['issuer'] !== this.issuer) throw new TypeError('the metadata are of another issuer');
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
