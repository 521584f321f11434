import type { KeyObject } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import {
  keyFromSecret,
  isMacAlgorithm,
  mayEncrypt,
  parseJws,
  publicKeyManagementAlgorithms,
  readKeySet,
  secretKeyManagementAlgorithms,
  verificationKeys,
  verifyMac,
  verifySignature,
  type ContentEncryptionAlgorithm,
  type Jws,
  type JwsAlgorithm,
  type KeyManagementAlgorithm,
  type PublicKey,
  type SignatureAlgorithm,
} from '@gatehouse/domain/jose';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import type { Client } from '@gatehouse/domain/oauth';
import { ClientsService } from '../clients.service.js';
import { RemoteKeySets, type KeyRequester } from './remote-key-sets.js';

/** A key to encrypt to a client with: its public key, or the one that its secret makes. */
export interface EncryptionKey {
  readonly key: KeyObject | Buffer;
  readonly kid: string | undefined;
}

/** Whose public keys lie at an address, or are known by value: a client, or an issuer of assertions. */
export type KeyOwner = Pick<Client, 'id' | 'jwksUri' | 'jwks' | 'approvedAt'>;

/** For whom keys are looked up. */
export interface KeyContext {
  readonly now: EpochSeconds;
  /** What counts as one source of requests; undefined where the request is not known, or there is none. */
  readonly addressKey?: string | undefined;
}

/** What is signed as it must be; or not, or its key cannot be told because its header has no `kid`. */
export type SignatureCheck = 'genuine' | 'wrong' | 'kid_missing';

/** What clients sign with and what is encrypted to them by: the keys that they registered, by value or address, and their secret. */
@Injectable()
export class ClientKeys {
  /** Sets that clients registered by value, as long as the client itself is kept. */
  private readonly read = new WeakMap<object, readonly PublicKey[]>();

  constructor(
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(RemoteKeySets) private readonly remote: RemoteKeySets,
  ) {}

  /**
   * Reads a JWS that this client says it signed. Its claims are for the caller to judge.
   * The registered keys decide what is genuine: `jwk`, `jku` and `x5u` in the header are not looked at, a public key is never
   * a secret for HMAC, `none` is never taken, and `crit` is refused (RFC 7515 4.1.11, RFC 8725 3.1).
   * @param algorithms those that the client may use here
   * @param maxLength in characters
   * @returns undefined for anything that is not genuine; `kid_missing` where the client has several keys that fit and the
   *   header names none (OpenID Connect Core 10.1)
   */
  async verify(
    client: Client,
    jwt: string,
    options: KeyContext & {
      readonly algorithms: readonly SignatureAlgorithm[];
      readonly maxLength: number;
    },
  ): Promise<Jws | 'kid_missing' | undefined> {
    const jws = parseJws(jwt, options);
    const algorithm = options.algorithms.find((each) => each === jws?.header.alg);
    if (!jws || algorithm === undefined) return undefined;
    if (isMacAlgorithm(algorithm)) {
      const genuine = await this.clients.testSecrets(client.id, options.now, (secret) =>
        verifyMac(algorithm, secret, jws.signingInput, jws.signature),
      );
      return genuine ? jws : undefined;
    }
    const check = await this.check(client, jws, { ...options, algorithm });
    return check === 'genuine' ? jws : check === 'kid_missing' ? check : undefined;
  }

  /** A key to encrypt to the client with; undefined when it has none, or it cannot be fetched. */
  async findEncryptionKey(
    client: Client,
    algorithm: KeyManagementAlgorithm,
    encryption: ContentEncryptionAlgorithm,
    context: KeyContext,
  ): Promise<EncryptionKey | undefined> {
    const bySecret = secretKeyManagementAlgorithms.find((each) => each === algorithm);
    if (bySecret !== undefined) {
      const [secret] = await this.clients.knownSecrets(client.id, context.now);
      return secret === undefined ? undefined : { key: keyFromSecret(secret, bySecret, encryption), kid: undefined };
    }
    const byKey = publicKeyManagementAlgorithms.find((each) => each === algorithm);
    if (byKey === undefined) return undefined;
    const fits = (key: PublicKey): boolean => mayEncrypt(key, byKey);
    const keys = (await this.keysOf(client, 'kept', context)).filter(fits);
    if (keys.length === 0) keys.push(...(await this.keysOf(client, 'fresh', context)).filter(fits));
    // One that says that it is for encryption before one that says nothing.
    return keys.find((key) => key.use === 'enc') ?? keys[0];
  }

  /** Whether a key of this owner, behind whom an administrator stands, made the signature. */
  async checkSignature(owner: KeyOwner, jws: Jws, algorithm: JwsAlgorithm, now: EpochSeconds): Promise<SignatureCheck> {
    return this.check(owner, jws, { algorithm, now });
  }

  /** Two keys are tried at most, and two more after a fetch. */
  private async check(
    owner: KeyOwner,
    jws: Jws,
    context: KeyContext & { readonly algorithm: JwsAlgorithm },
  ): Promise<SignatureCheck> {
    const { algorithm } = context;
    const { kid } = jws.header;
    const checkBy = (keys: readonly PublicKey[]): SignatureCheck => {
      const chosen = verificationKeys(keys, { algorithm, kid });
      if (chosen === 'kid_missing') return chosen;
      const verifies = ({ key }: PublicKey): boolean =>
        verifySignature(algorithm, key, jws.signingInput, jws.signature);
      return chosen.some(verifies) ? 'genuine' : 'wrong';
    };
    const kept = await this.keysOf(owner, 'kept', context);
    const check = checkBy(kept);
    // A key that is here and did not sign this says no; one that is not here may be new (OpenID Connect Core 10.1.1).
    if (check !== 'wrong' || owner.jwksUri === undefined) return check;
    if (kid !== undefined && kept.some((key) => key.kid === kid)) return check;
    const fresh = await this.keysOf(owner, 'fresh', context);
    // What could not be fetched again was tried already.
    return fresh === kept ? check : checkBy(fresh);
  }

  private async keysOf(
    owner: KeyOwner,
    mode: 'kept' | 'fresh',
    { addressKey, now }: KeyContext,
  ): Promise<readonly PublicKey[]> {
    if (owner.jwksUri !== undefined)
      return this.remote.find(owner.jwksUri, { mode, asker: askerOf(owner, addressKey), now });
    if (owner.jwks === undefined) return [];
    const known = this.read.get(owner.jwks);
    if (known) return known;
    const keys = readKeySet(owner.jwks) ?? [];
    this.read.set(owner.jwks, keys);
    return keys;
  }
}

function askerOf({ id, approvedAt }: KeyOwner, addressKey: string | undefined): KeyRequester {
  if (approvedAt !== undefined) return { trust: 'approved' };
  return addressKey === undefined ? { trust: 'unapproved', clientId: id } : { trust: 'unapproved', addressKey };
}
