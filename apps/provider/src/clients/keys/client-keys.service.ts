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

/** A key to encrypt to a client: its public key, or one derived from its secret. */
export interface EncryptionKey {
  readonly key: KeyObject | Buffer;
  readonly kid: string | undefined;
}

/** The owner of public keys, registered by URL or by value: a client, or an issuer of assertions. */
export type KeyOwner = Pick<Client, 'id' | 'jwksUri' | 'jwks' | 'approvedAt'>;

/** The request for which keys are looked up. */
export interface KeyContext {
  readonly now: EpochSeconds;
  /** The source of the request, for rate limits; undefined where the request is unknown or there is none. */
  readonly addressKey?: string | undefined;
}

/** The result of a signature check; `kid_missing`: several keys match and the header names none. */
export type SignatureCheck = 'genuine' | 'wrong' | 'kid_missing';

/**
 * Finds the keys of clients to verify signatures and to encrypt: registered by value or URL, or derived from their
 * secret.
 */
@Injectable()
export class ClientKeys {
  /** Parsed key sets that clients registered by value, as long as the client is cached. */
  private readonly parsed = new WeakMap<object, readonly PublicKey[]>();

  constructor(
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(RemoteKeySets) private readonly remote: RemoteKeySets,
  ) {}

  /**
   * Verifies the signature of a JWS of this client. The caller checks its claims.
   * Only registered keys are used: `jwk`, `jku` and `x5u` in the header are ignored, a public key is never used as an HMAC
   * secret, `none` is not accepted, and `crit` is rejected (RFC 7515 4.1.11, RFC 8725 3.1).
   * @param algorithms the algorithms that are allowed for this client
   * @param maxLength in characters
   * @returns undefined when the signature is not valid; `kid_missing` when several keys of the client match and the
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

  /** A key to encrypt to the client; undefined when it has none, or it cannot be fetched. */
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
    const keys = (await this.keysOf(client, 'cached', context)).filter(fits);
    if (keys.length === 0) keys.push(...(await this.keysOf(client, 'fresh', context)).filter(fits));
    // Prefer a key with `use: enc` to one without `use`.
    return keys.find((key) => key.use === 'enc') ?? keys[0];
  }

  /** Checks a signature against the keys of an approved owner. */
  async checkSignature(owner: KeyOwner, jws: Jws, algorithm: JwsAlgorithm, now: EpochSeconds): Promise<SignatureCheck> {
    return this.check(owner, jws, { algorithm, now });
  }

  /** Tries at most two keys, and two more after a fetch. */
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
    const cached = await this.keysOf(owner, 'cached', context);
    const check = checkBy(cached);
    // If the named key is cached, the result is final; an unknown key may be new (OpenID Connect Core 10.1.1).
    if (check !== 'wrong' || owner.jwksUri === undefined) return check;
    if (kid !== undefined && cached.some((key) => key.kid === kid)) return check;
    const fresh = await this.keysOf(owner, 'fresh', context);
    // When the fetch failed, the same keys were already tried.
    return fresh === cached ? check : checkBy(fresh);
  }

  private async keysOf(
    owner: KeyOwner,
    mode: 'cached' | 'fresh',
    { addressKey, now }: KeyContext,
  ): Promise<readonly PublicKey[]> {
    if (owner.jwksUri !== undefined)
      return this.remote.find(owner.jwksUri, { mode, requester: requesterOf(owner, addressKey), now });
    if (owner.jwks === undefined) return [];
    const parsed = this.parsed.get(owner.jwks);
    if (parsed) return parsed;
    const keys = readKeySet(owner.jwks) ?? [];
    this.parsed.set(owner.jwks, keys);
    return keys;
  }
}

function requesterOf({ id, approvedAt }: KeyOwner, addressKey: string | undefined): KeyRequester {
  if (approvedAt !== undefined) return { trust: 'approved' };
  return addressKey === undefined ? { trust: 'unapproved', clientId: id } : { trust: 'unapproved', addressKey };
}
