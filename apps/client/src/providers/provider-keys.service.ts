import { Inject, Injectable } from '@nestjs/common';
import { isSameAlgorithm, jwsAlgorithms, mayVerify, readKeySet, verifySignature } from '@gatehouse/domain/jose';
import type { Jws, PublicKey } from '@gatehouse/domain/jose';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { Clock } from '@gatehouse/platform/clock';
import { MessageRecorder } from '../flow/message-recorder.js';
import { maxProviders, type Provider } from './provider.js';
import { ProviderFetch } from './provider-fetch.js';
import { RelyingParty } from './relying-party.service.js';

const cacheSeconds = 600;
/** Limits the requests that tokens with unknown key ids can trigger. */
const minSecondsBetweenFetches = 60;
/** Also while the provider does not respond. */
const secondsBetweenAttempts = 5;

/** OpenID Connect Registration 1.0, 2: the default algorithm of ID tokens. */
const defaultAlgorithm = 'RS256';

interface CachedKeys {
  readonly keys: readonly PublicKey[];
  /** `id_token_signing_alg_values_supported` of the metadata. */
  readonly supported: readonly string[];
  readonly at: EpochSeconds;
}

/** The providers' signing keys, from the `jwks_uri` of their metadata. */
@Injectable()
export class ProviderKeys {
  private readonly cache = new Map<string, CachedKeys>();
  /** By issuer: concurrent requests, and those soon after, share one result. */
  private readonly requests = new Map<string, { readonly at: EpochSeconds; readonly result: Promise<CachedKeys> }>();

  constructor(
    @Inject(Clock) private readonly clock: Clock,
    @Inject(RelyingParty) private readonly relyingParty: RelyingParty,
    @Inject(ProviderFetch) private readonly provider: ProviderFetch,
  ) {}

  /**
   * True when this provider signed it with the algorithm of ID tokens (Back-Channel Logout 1.0, 2.4): the configured one, by
   * default RS256, or one that the provider supports if it does not support RS256.
   * @throws errors of openid-client when the provider is unavailable, TypeError for an invalid key set
   */
  async hasSigned(provider: Provider, jws: Jws): Promise<boolean> {
    const { kid, alg } = jws.header;
    const algorithm = jwsAlgorithms.find((each) => isSameAlgorithm(each, alg));
    if (algorithm === undefined) return false;
    const configured = provider.idTokenSignedResponseAlg;
    if (configured !== undefined && !isSameAlgorithm(configured, algorithm)) return false;
    const matchingKeys = ({ keys }: CachedKeys): readonly PublicKey[] =>
      keys.filter((key) => (kid === undefined || key.kid === kid) && mayVerify(key, algorithm));
    const cached = await this.keysOf(provider, cacheSeconds);
    if (configured === undefined && !isDefault(algorithm, cached.supported)) return false;
    let keys = matchingKeys(cached);
    if (keys.length === 0) keys = matchingKeys(await this.keysOf(provider, minSecondsBetweenFetches));
    return keys.some(({ key }) => verifySignature(algorithm, key, jws.signingInput, jws.signature));
  }

  private async keysOf(provider: Provider, maxAgeSeconds: number): Promise<CachedKeys> {
    const now = this.clock.now();
    const cached = this.cache.get(provider.issuer);
    if (cached && now - cached.at < maxAgeSeconds) return cached;
    const request = this.requests.get(provider.issuer);
    if (request && now - request.at < secondsBetweenAttempts) return request.result;
    const result = this.fetchKeys(provider, now);
    if (this.requests.size >= maxProviders) this.requests.clear();
    this.requests.set(provider.issuer, { at: now, result });
    return result;
  }

  private async fetchKeys(provider: Provider, now: EpochSeconds): Promise<CachedKeys> {
    const configuration = await this.relyingParty.configuration(provider, new MessageRecorder(this.clock));
    const { jwks_uri: address, id_token_signing_alg_values_supported: supported = [] } = configuration.serverMetadata();
    if (address === undefined) return { keys: [], supported, at: now };
    const response = await this.provider.fetch(address, {
      method: 'GET',
      headers: { accept: 'application/jwk-set+json, application/json' },
      redirect: 'manual',
      body: undefined,
      signal: AbortSignal.timeout(10_000),
    });
    const keys = response.ok ? readKeySet(await response.json()) : undefined;
    if (!keys) throw new TypeError('the response is not a JWK set');
    if (this.cache.size >= maxProviders) this.cache.clear();
    const cached = { keys, supported, at: now };
    this.cache.set(provider.issuer, cached);
    return cached;
  }
}

function isDefault(algorithm: string, supported: readonly string[]): boolean {
  if (supported.length === 0 || supported.includes(defaultAlgorithm)) return algorithm === defaultAlgorithm;
  return supported.some((each) => isSameAlgorithm(each, algorithm));
}
