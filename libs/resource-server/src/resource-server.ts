import type { Access, TokenCheck } from './access.js';
import { AuthorizationServer, type Fetch } from './authorization-server.js';
import { readCredentials, type IncomingRequest } from './credentials.js';
import { checkProof, proofAlgorithms, replayCheckInMemory, type ReplayCheck } from './dpop-proof.js';
import { JwtTokens } from './jwt-tokens.js';
import { OpaqueTokens } from './opaque-tokens.js';
import { Refusal } from './refusal.js';

export type { Access } from './access.js';
export type { IncomingRequest } from './credentials.js';
export type { ReplayCheck } from './dpop-proof.js';
export { Refusal } from './refusal.js';

export interface ResourceServerOptions {
  /** The API's identifier: its https address, as it is registered with the authorization server. */
  readonly resource: string;
  /** The authorization server. */
  readonly issuer: string;
  /** For people (RFC 9728 2, `resource_name`). */
  readonly name?: string;
  /** All scopes that there are here. */
  readonly scopes?: readonly string[];
  /** Of JWTs; ES256 when left out. */
  readonly algorithms?: readonly string[];
  /** Tokens are opaque, and asked about with these credentials; JWTs when left out. */
  readonly introspection?: {
    readonly clientId: string;
    readonly clientSecret: string;
    /** How long an answer may be used again; 30 when left out. */
    readonly cacheSeconds?: number;
  };
  /** `required`: tokens that are bound to no key are refused. Bound ones always need a proof. */
  readonly dpop?: 'accepted' | 'required';
  /** Where several processes must not take one proof twice. */
  readonly replayCheck?: ReplayCheck;
  readonly fetch?: Fetch;
  /** Epoch seconds: for tests. */
  readonly now?: () => number;
}

/**
 * An API behind an authorization server: its metadata, its challenges, and whether a request may go on. It knows no
 * framework.
 * @see RFC 6750, RFC 9068, RFC 9449, RFC 9728
 */
export class ResourceServer {
  /** Where {@link metadata} are served. */
  readonly metadataPath: string;
  readonly metadataUrl: string;
  readonly resource: string;
  private readonly origin: string;
  private readonly tokens: TokenCheck;
  private readonly isFirst: ReplayCheck;
  private readonly now: () => number;

  constructor(private readonly options: ResourceServerOptions) {
    const { resource, issuer, fetch = (url, init) => globalThis.fetch(url, init) } = options;
    const url = new URL(resource);
    if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new TypeError('the resource is a web address');
    if (url.hash !== '') throw new TypeError('a resource has no fragment (RFC 8707 2)');
    this.resource = resource;
    this.origin = url.origin;
    // RFC 9728 3.1: between the host and the resource's own path and query
    this.metadataPath = `/.well-known/oauth-protected-resource${url.pathname === '/' ? '' : url.pathname}`;
    this.metadataUrl = url.origin + this.metadataPath + url.search;
    this.isFirst = options.replayCheck ?? replayCheckInMemory();
    this.now = options.now ?? (() => Math.floor(Date.now() / 1000));
    const server = new AuthorizationServer(issuer, fetch);
    this.tokens = options.introspection
      ? new OpaqueTokens({ cacheSeconds: 30, ...options.introspection, server, resource, fetch })
      : new JwtTokens({ server, resource, fetch, algorithms: options.algorithms ?? ['ES256'] });
  }

  /** The protected resource metadata (RFC 9728 2). */
  metadata(): Record<string, unknown> {
    const { resource, issuer, name, scopes, dpop } = this.options;
    return {
      resource,
      authorization_servers: [issuer],
      bearer_methods_supported: ['header'],
      ...(name === undefined ? {} : { resource_name: name }),
      ...(scopes === undefined ? {} : { scopes_supported: scopes }),
      dpop_signing_alg_values_supported: proofAlgorithms,
      ...(dpop === 'required' ? { dpop_bound_access_tokens_required: true } : {}),
    };
  }

  /** The address of a request to this API, as its clients know it. @param path as it was sent, query included */
  addressOf(path: string): string {
    return this.origin + path;
  }

  /**
   * Lets a request with a good token and every scope through.
   * @throws Refusal
   */
  async check(request: IncomingRequest, scope: readonly string[] = []): Promise<Access> {
    const { scheme, token } = readCredentials(request.authorization);
    const now = this.now();
    const access = await this.tokens.check(token, now);
    if (scheme === 'DPoP') {
      const thumbprint = await checkProof(request, token, this.isFirst, now);
      if (access.boundTo !== thumbprint)
        throw new Refusal('invalid_token', 'The access token is not bound to the key of the proof.');
    } else if (access.boundTo !== undefined)
      // RFC 9449 7.2: or whoever stole it could use it after all
      throw new Refusal('invalid_token', 'The access token is bound to a key: use the DPoP scheme.');
    else if (this.options.dpop === 'required')
      throw new Refusal('invalid_token', 'Access tokens here are bound to a key.');
    if (!scope.every((each) => access.scope.includes(each)))
      throw new Refusal('insufficient_scope', 'The access token has not every scope that this needs.', scope);
    return access;
  }

  /** The `WWW-Authenticate` headers of a refusal (RFC 6750 3, RFC 9449 7.1, RFC 9728 5.1); none where it is an outage. */
  challenges(refusal: Refusal, scope: readonly string[] = []): string[] {
    if (refusal.code === 'unavailable') return [];
    const needed = refusal.scope.length > 0 ? refusal.scope : scope;
    const parameters = [
      `resource_metadata="${this.metadataUrl}"`,
      ...(needed.length > 0 ? [`scope="${needed.join(' ')}"`] : []),
      // RFC 6750 3.1: whoever sent no token gets no error code
      ...(refusal.code === 'missing' ? [] : [`error="${refusal.code}"`, `error_description="${refusal.message}"`]),
    ].join(', ');
    const dpop = `DPoP algs="${proofAlgorithms.join(' ')}", ${parameters}`;
    return this.options.dpop === 'required' || refusal.code === 'invalid_dpop_proof'
      ? [dpop]
      : [`Bearer ${parameters}`, dpop];
  }

  /** The body of a refusal (RFC 6750 3.1 has no JSON for it; clients read this one everywhere). */
  body(refusal: Refusal): Record<string, string> {
    return {
      error: refusal.code === 'missing' ? 'invalid_token' : refusal.code,
      error_description: refusal.message,
    };
  }
}
