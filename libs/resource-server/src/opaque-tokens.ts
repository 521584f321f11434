import { createHash } from 'node:crypto';
import { accessOf, isFor, type Access, type TokenCheck } from './access.js';
import type { AuthorizationServer, Fetch } from './authorization-server.js';
import { BoundedCache } from './bounded-cache.js';
import { Refusal } from './refusal.js';

export interface IntrospectionOptions {
  readonly server: AuthorizationServer;
  /** The resource's identifier, as in `aud`. */
  readonly resource: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** How long a response is cached, in seconds; a revoked token stays valid for as long. 0 disables the cache. */
  readonly cacheSeconds: number;
  readonly fetch: Fetch;
}

const maxCached = 10_000;
const timeoutMilliseconds = 5000;

/** Validates opaque access tokens by introspection (RFC 7662). Concurrent requests with the same token share one call. */
export class OpaqueTokens implements TokenCheck {
  /** By the token's hash, so that a memory dump contains no tokens. */
  private readonly responses = new BoundedCache<Readonly<Record<string, unknown>>>(maxCached);
  private readonly running = new Map<string, Promise<Readonly<Record<string, unknown>>>>();

  constructor(private readonly options: IntrospectionOptions) {}

  async check(token: string, now: number): Promise<Access> {
    const key = createHash('sha256').update(token).digest('base64url');
    const claims = this.responses.get(key, now) ?? (await this.introspectOnce(key, token, now));
    // RFC 7662 4: rejects a token for another API
    if (claims['active'] !== true || !isFor(claims, this.options.resource) || !isCurrent(claims, now))
      throw new Refusal('invalid_token', 'The access token is not valid.');
    return accessOf(claims);
  }

  private introspectOnce(key: string, token: string, now: number): Promise<Readonly<Record<string, unknown>>> {
    const running = this.running.get(key);
    if (running) return running;
    const request = this.introspect(token)
      .then((claims) => {
        if (this.options.cacheSeconds > 0) this.responses.set(key, claims, now + this.options.cacheSeconds);
        return claims;
      })
      .finally(() => this.running.delete(key));
    this.running.set(key, request);
    return request;
  }

  private async introspect(token: string): Promise<Readonly<Record<string, unknown>>> {
    const { server, clientId, clientSecret, fetch } = this.options;
    const { introspectionEndpoint } = await server.metadata();
    if (introspectionEndpoint === undefined)
      throw new Refusal('unavailable', 'The authorization server has no introspection endpoint.');
    try {
      const basic = Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`);
      const response = await fetch(introspectionEndpoint, {
        method: 'POST',
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMilliseconds),
        headers: {
          Accept: 'application/json',
          'Content-Type': 'application/x-www-form-urlencoded',
          Authorization: `Basic ${basic.toString('base64')}`,
        },
        body: new URLSearchParams({ token, token_type_hint: 'access_token' }).toString(),
      });
      if (response.status !== 200) throw new TypeError(`introspection returned status ${response.status}`);
      return (await response.json()) as Record<string, unknown>;
    } catch (cause) {
      throw new Refusal('unavailable', 'The authorization server cannot be reached.', [], { cause });
    }
  }
}

function isCurrent(claims: Readonly<Record<string, unknown>>, now: number): boolean {
  return typeof claims['exp'] !== 'number' || claims['exp'] > now;
}
