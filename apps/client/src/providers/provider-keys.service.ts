import { Inject, Injectable } from '@nestjs/common';
import {
  isMacAlgorithm,
  isSameAlgorithm,
  mayVerify,
  readKeySet,
  signatureAlgorithms,
  verifySignature,
} from '@gatehouse/domain/jose';
import type { Jws, PublicKey } from '@gatehouse/domain/jose';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { Clock } from '@gatehouse/server/clock';
import { MessageRecorder } from '../flow/message-recorder.js';
import { mostProviders, type Provider } from './provider.js';
import { ProviderFetch } from './provider-fetch.js';
import { RelyingParty } from './relying-party.service.js';

const keptSeconds = 600;
/** What strangers can make us ask for, by naming keys that do not exist, stays within this. */
const leastSecondsBetween = 60;
/** While it does not answer, too. */
const secondsBetweenAttempts = 5;

interface Held {
  readonly keys: readonly PublicKey[];
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
   * True when this provider signed it, by one of the algorithms with a public key.
   * @throws what openid-client throws when the provider cannot be asked, TypeError for keys that are none
   */
  async hasSigned(provider: Provider, jws: Jws): Promise<boolean> {
    const algorithm = signatureAlgorithms.find((each) => isSameAlgorithm(each, jws.header.alg));
    if (algorithm === undefined || isMacAlgorithm(algorithm)) return false;
    const { kid } = jws.header;
    const fits = (keys: readonly PublicKey[]): readonly PublicKey[] =>
      keys.filter((key) => (kid === undefined || key.kid === kid) && mayVerify(key, algorithm));
    let keys = fits(await this.keysOf(provider, keptSeconds));
    if (keys.length === 0) keys = fits(await this.keysOf(provider, leastSecondsBetween));
    return keys.some(({ key }) => verifySignature(algorithm, key, jws.signingInput, jws.signature));
  }

  private async keysOf(provider: Provider, notOlderThanSeconds: number): Promise<readonly PublicKey[]> {
    const now = this.clock.now();
    const held = this.held.get(provider.issuer);
    if (held && now - held.at < notOlderThanSeconds) return held.keys;
    const asked = this.asked.get(provider.issuer);
    if (asked && now - asked.at < secondsBetweenAttempts) return (await asked.answer).keys;
    const answer = this.ask(provider, now);
    if (this.asked.size >= mostProviders) this.asked.clear();
    this.asked.set(provider.issuer, { at: now, answer });
    return (await answer).keys;
  }

  private async ask(provider: Provider, now: EpochSeconds): Promise<Held> {
    const configuration = await this.relyingParty.configuration(provider, new MessageRecorder(this.clock));
    const address = configuration.serverMetadata().jwks_uri;
    if (address === undefined) return { keys: [], at: now };
    const answer = await this.provider.fetch(address, {
      method: 'GET',
      headers: { accept: 'application/jwk-set+json, application/json' },
      redirect: 'manual',
      body: undefined,
      signal: AbortSignal.timeout(10_000),
    });
    const keys = answer.ok ? readKeySet(await answer.json()) : undefined;
    if (!keys) throw new TypeError('the answer is no JWK set');
    if (this.held.size >= mostProviders) this.held.clear();
    const held = { keys, at: now };
    this.held.set(provider.issuer, held);
    return held;
  }
}
