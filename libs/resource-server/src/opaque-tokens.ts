import { createHash } from 'node:crypto';
import { accessOf, isFor, type Access, type TokenCheck } from './access.js';
import type { AuthorizationServer, Fetch } from './authorization-server.js';
import { BoundedCache } from './bounded-cache.js';
import { Refusal } from './refusal.js';

export interface IntrospectionOptions {
  readonly server: AuthorizationServer;
  /** The resource's identifier, as `aud` names it. */
  readonly resource: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** How long an answer may be used again: a token that is revoked works so much longer. 0: never. */
  readonly cacheSeconds: number;
  readonly fetch: Fetch;
}

const maxCached = 10_000;
const timeoutMilliseconds = 5000;

/** Access tokens that only the authorization server can read (RFC 7662). Requests at once for one token are one question. */
export class OpaqueTokens implements TokenCheck {
  /** By the token's hash: whoever reads our memory finds no tokens in it. */
  private readonly answers = new BoundedCache<Readonly<Record<string, unknown>>>(maxCached);
  private readonly running = new Map<string, Promise<Readonly<Record<string, unknown>>>>();

  constructor(private readonly options: IntrospectionOptions) {}

  async check(token: string, now: number): Promise<Access> {
    const key = createHash('sha256').update(token).digest('base64url');
    const claims = this.answers.get(key, now) ?? (await this.ask(key, token, now));
    // RFC 7662 4: a token for another API is none here
    if (claims['active'] !== true || !isFor(claims, this.options.resource) || !isCurrent(claims, now))
      throw new Refusal('invalid_token', 'The access token is not valid here.');
    return accessOf(claims);
  }

  private ask(key: string, token: string, now: number): Promise<Readonly<Record<string, unknown>>> {
    const running = this.running.get(key);
    if (running) return running;
    const asked = this.introspect(token)
      .then((claims) => {
        if (this.options.cacheSeconds > 0) this.answers.set(key, claims, now + this.options.cacheSeconds);
        return claims;
      })
      .finally(() => this.running.delete(key));
    this.running.set(key, asked);
    return asked;
  }

  private async introspect(token: string): Promise<Readonly<Record<string, unknown>>> {
    const { server, clientId, clientSecret, fetch } = this.options;
    const { introspectionEndpoint } = await server.metadata();
    if (introspectionEndpoint === undefined)
      throw new Refusal('unavailable', 'The authorization server has no introspection.');
    try {
      const basic = Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`);
      const answer = await fetch(introspectionEndpoint, {
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
      if (answer.status !== 200) throw new TypeError(`introspection was answered with ${answer.status}`);
      return (await answer.json()) as Record<string, unknown>;
    } catch (cause) {
      throw new Refusal('unavailable', 'The authorization server cannot be asked.', [], { cause });
    }
  }
}

function isCurrent(claims: Readonly<Record<string, unknown>>, now: number): boolean {
  return typeof claims['exp'] !== 'number' || claims['exp'] > now;
}
