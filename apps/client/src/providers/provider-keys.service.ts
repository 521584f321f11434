import { Inject, Injectable } from '@nestjs/common';
import { isSameAlgorithm, jwsAlgorithms, mayVerify, readKeySet, verifySignature } from '@gatehouse/domain/jose';
import type { Jws, PublicKey } from '@gatehouse/domain/jose';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { Clock } from '@gatehouse/platform/clock';
import { MessageRecorder } from '../flow/message-recorder.js';
import { maxProviders, type Provider } from './provider.js';
import { ProviderFetch } from './provider-fetch.js';
import { RelyingParty } from './relying-party.service.js';

const keptSeconds = 600;
/** What strangers can make us ask for, by naming keys that do not exist, stays within this. */
const minSecondsBetween = 60;
/** While it does not answer, too. */
const secondsBetweenAttempts = 5;

/** OpenID Connect Registration 1.0, 2: what ID tokens are signed with unless the client registered another algorithm. */
const defaultAlgorithm = 'RS256';

interface Held {
  readonly keys: readonly PublicKey[];
  /** `id_token_signing_alg_values_supported` of the metadata. */
  readonly offered: readonly string[];
  readonly at: EpochSeconds;
}

/** The keys that providers sign with, from the `jwks_uri` of their metadata. */
@Injectable()
export class ProviderKeys {
  private readonly held = new Map<string, Held>();
  /** By issuer: whoever asks while one runs, or soon after it, gets what that one got. */
  private readonly asked = new Map<string, { readonly at: EpochSeconds; readonly answer: Promise<Held> }>();

  constructor(
    @Inject(Clock) private readonly clock: Clock,
    @Inject(RelyingParty) private readonly relyingParty: RelyingParty,
    @Inject(ProviderFetch) private readonly provider: ProviderFetch,
  ) {}

  /**
   * True when this provider signed it with the algorithm that was agreed for ID tokens (Back-Channel Logout 1.0, 2.4): the
   * one that is configured, else RS256, else, where the provider does not offer that, one that it offers.
   * @throws what openid-client throws when the provider cannot be asked, TypeError for keys that are none
   */
  async hasSigned(provider: Provider, jws: Jws): Promise<boolean> {
    const { kid, alg } = jws.header;
    const algorithm = jwsAlgorithms.find((each) => isSameAlgorithm(each, alg));
    if (algorithm === undefined) return false;
    const agreed = provider.idTokenSignedResponseAlg;
    if (agreed !== undefined && !isSameAlgorithm(agreed, algorithm)) return false;
    const fits = ({ keys }: Held): readonly PublicKey[] =>
      keys.filter((key) => (kid === undefined || key.kid === kid) && mayVerify(key, algorithm));
    const held = await this.heldOf(provider, keptSeconds);
    if (agreed === undefined && !isDefault(algorithm, held.offered)) return false;
    let keys = fits(held);
    if (keys.length === 0) keys = fits(await this.heldOf(provider, minSecondsBetween));
    return keys.some(({ key }) => verifySignature(algorithm, key, jws.signingInput, jws.signature));
  }

  private async heldOf(provider: Provider, notOlderThanSeconds: number): Promise<Held> {
    const now = this.clock.now();
    const held = this.held.get(provider.issuer);
    if (held && now - held.at < notOlderThanSeconds) return held;
    const asked = this.asked.get(provider.issuer);
    if (asked && now - asked.at < secondsBetweenAttempts) return asked.answer;
    const answer = this.ask(provider, now);
    if (this.asked.size >= maxProviders) this.asked.clear();
    this.asked.set(provider.issuer, { at: now, answer });
    return answer;
  }

  private async ask(provider: Provider, now: EpochSeconds): Promise<Held> {
    const configuration = await this.relyingParty.configuration(provider, new MessageRecorder(this.clock));
    const { jwks_uri: address, id_token_signing_alg_values_supported: offered = [] } = configuration.serverMetadata();
    if (address === undefined) return { keys: [], offered, at: now };
    const answer = await this.provider.fetch(address, {
      method: 'GET',
      headers: { accept: 'application/jwk-set+json, application/json' },
      redirect: 'manual',
      body: undefined,
      signal: AbortSignal.timeout(10_000),
    });
    const keys = answer.ok ? readKeySet(await answer.json()) : undefined;
    if (!keys) throw new TypeError('the answer is no JWK set');
    if (this.held.size >= maxProviders) this.held.clear();
    const held = { keys, offered, at: now };
    this.held.set(provider.issuer, held);
    return held;
  }
}

function isDefault(algorithm: string, offered: readonly string[]): boolean {
  if (offered.length === 0 || offered.includes(defaultAlgorithm)) return algorithm === defaultAlgorithm;
  return offered.some((each) => isSameAlgorithm(each, algorithm));
}
