import { createRemoteJWKSet, customFetch, errors, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { accessOf, type Access, type TokenCheck } from './access.js';
import type { AuthorizationServer, Fetch } from './authorization-server.js';
import { Refusal } from './refusal.js';

export interface JwtOptions {
  readonly server: AuthorizationServer;
  /** The resource's identifier, as in `aud`. */
  readonly resource: string;
  readonly algorithms: readonly string[];
  readonly fetch: Fetch;
}

/** Tolerated clock difference in seconds. */
const clockToleranceSeconds = 5;

/** Validates JWT access tokens (RFC 9068) with the server's published keys, which are cached and fetched again for an unknown `kid`. */
export class JwtTokens implements TokenCheck {
  private keys: { readonly uri: string; readonly find: JWTVerifyGetKey } | undefined;

  constructor(private readonly options: JwtOptions) {}

  async check(token: string, now: number): Promise<Access> {
    const { server, resource, algorithms } = this.options;
    const find = await this.findKeys();
    try {
      const { payload, protectedHeader } = await jwtVerify(token, find, {
        issuer: server.issuer,
        audience: resource,
        // RFC 9068 4: rejects other JWTs, such as ID tokens, even with a valid signature
        typ: 'at+jwt',
        algorithms: [...algorithms],
        requiredClaims: ['exp', 'iat', 'sub', 'client_id', 'jti'],
        clockTolerance: clockToleranceSeconds,
        currentDate: new Date(now * 1000),
      });
      if (protectedHeader.crit !== undefined) throw new errors.JWSInvalid('crit is not supported');
      return accessOf(payload);
    } catch (cause) {
      if (isOutage(cause)) throw new Refusal('unavailable', "The server's keys cannot be fetched.", [], { cause });
      throw new Refusal('invalid_token', 'The access token is not valid.', [], { cause });
    }
  }

  private async findKeys(): Promise<JWTVerifyGetKey> {
    const { jwksUri } = await this.options.server.metadata();
    if (jwksUri === undefined) throw new Refusal('unavailable', 'The authorization server publishes no keys.');
    if (this.keys?.uri !== jwksUri)
      this.keys = {
        uri: jwksUri,
        find: createRemoteJWKSet(new URL(jwksUri), {
          timeoutDuration: 5000,
          // Tokens with unknown key ids trigger at most two fetches a minute.
          cooldownDuration: 30_000,
          cacheMaxAge: 600_000,
          [customFetch]: (url, init) => this.options.fetch(url, init),
        }),
      };
    return this.keys.find;
  }
}

/** The keys could not be fetched; the token may be valid. */
function isOutage(error: unknown): boolean {
  if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) return true;
  return !(error instanceof errors.JOSEError) || error.constructor === errors.JOSEError;
}
