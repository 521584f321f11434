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
  /** The API's identifier: its https URL, as registered with the authorization server. */
  readonly resource: string;
  /** The issuer of the authorization server. */
  readonly issuer: string;
  /** Display name (RFC 9728 2, `resource_name`). */
  readonly name?: string;
  /** All scopes of this API. */
  readonly scopes?: readonly string[];
  /** Signature algorithms of JWTs; ES256 by default. */
  readonly algorithms?: readonly string[];
  /** Credentials for introspection of opaque tokens; without them tokens are JWTs. */
  readonly introspection?: {
    readonly clientId: string;
    readonly clientSecret: string;
    /** How long a response is cached; 30 by default. */
    readonly cacheSeconds?: number;
  };
  /** `required`: rejects tokens that are not bound to a key. Bound tokens always require a proof. */
  readonly dpop?: 'accepted' | 'required';
  /** Shared by several processes, so that they accept each proof only once. */
  readonly replayCheck?: ReplayCheck;
  readonly fetch?: Fetch;
  /** The current time in epoch seconds, for tests. */
  readonly now?: () => number;
}

/**
 * An API that is protected by an authorization server: its metadata, its challenges and the validation of requests.
 * Independent of a framework.
 * @see RFC 6750, RFC 9068, RFC 9449, RFC 9728
 */
export class ResourceServer {
  /** Path at which {@link metadata} is served. */
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
    if (url.protocol !== 'https:' && url.protocol !== 'http:')
      throw new TypeError('the resource must be an http or https URL');
    if (url.hash !== '') throw new TypeError('the resource must not have a fragment (RFC 8707 2)');
    this.resource = resource;
    this.origin = url.origin;
    // RFC 9728 3.1: inserted between the host and the resource's path and query
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

  /** The URL of a request to this API, as clients know it. @param path as sent, including the query */
  addressOf(path: string): string {
    return this.origin + path;
  }

  /**
   * Validates a request: a valid token with all of these scopes.
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
      // RFC 9449 7.2: otherwise a stolen token could be used as a bearer token
      throw new Refusal('invalid_token', 'The access token is bound to a key: use the DPoP scheme.');
    else if (this.options.dpop === 'required')
      throw new Refusal('invalid_token', 'Access tokens must be bound to a key.');
    if (!scope.every((each) => access.scope.includes(each)))
      throw new Refusal('insufficient_scope', 'The access token does not have all required scopes.', scope);
    return access;
  }

  /** The `WWW-Authenticate` headers for a rejected request (RFC 6750 3, RFC 9449 7.1, RFC 9728 5.1); none for an outage. */
  challenges(refusal: Refusal, scope: readonly string[] = []): string[] {
    if (refusal.code === 'unavailable') return [];
    const requiredScope = refusal.scope.length > 0 ? refusal.scope : scope;
    const parameters = [
      `resource_metadata="${this.metadataUrl}"`,
      ...(requiredScope.length > 0 ? [`scope="${requiredScope.join(' ')}"`] : []),
      // RFC 6750 3.1: no error code for a request without a token
      ...(refusal.code === 'missing' ? [] : [`error="${refusal.code}"`, `error_description="${refusal.message}"`]),
    ].join(', ');
    const dpop = `DPoP algs="${proofAlgorithms.join(' ')}", ${parameters}`;
    return this.options.dpop === 'required' || refusal.code === 'invalid_dpop_proof'
      ? [dpop]
      : [`Bearer ${parameters}`, dpop];
  }

  /** The JSON body for a rejected request. RFC 6750 3.1 defines none; this is the usual form. */
  body(refusal: Refusal): Record<string, string> {
    return {
      error: refusal.code === 'missing' ? 'invalid_token' : refusal.code,
      error_description: refusal.message,
    };
  }
}
