import type { KeyObject } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import {
  keyFromSecret,
  isMacAlgorithm,
  mayEncrypt,
  mayVerify,
  parseJws,
  publicKeyManagementAlgorithms,
  readKeySet,
  secretKeyManagementAlgorithms,
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
import { RemoteKeySets } from './remote-key-sets.js';

/** A key to encrypt to a client with: its public key, or the one that its secret makes. */
export interface EncryptionKey {
  readonly key: KeyObject | Buffer;
  readonly kid: string | undefined;
}

/** Whose public keys lie at an address, or are known by value: a client, or an issuer of assertions. */
export type KeyOwner = Pick<Client, 'jwksUri' | 'jwks'>;

/** Without a `kid` each key is tried: not more than these. */
const mostTried = 10;

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
   * @returns undefined for anything that is not genuine
   */
  async verify(
    client: Client,
    jwt: string,
    options: {
      readonly algorithms: readonly SignatureAlgorithm[];
      readonly maxLength: number;
      readonly now: EpochSeconds;
    },
  ): Promise<Jws | undefined> {
    const jws = parseJws(jwt, options);
    const algorithm = options.algorithms.find((each) => each === jws?.header.alg);
    if (!jws || algorithm === undefined) return undefined;
    const genuine = isMacAlgorithm(algorithm)
      ? await this.clients.testSecrets(client.id, options.now, (secret) =>
          verifyMac(algorithm, secret, jws.signingInput, jws.signature),
        )
      : await this.isSignedBy(client, jws, algorithm, options.now);
    return genuine ? jws : undefined;
  }

  /** A key to encrypt to the client with; undefined when it has none, or it cannot be fetched. */
  async findEncryptionKey(
    client: Client,
    algorithm: KeyManagementAlgorithm,
    encryption: ContentEncryptionAlgorithm,
    now: EpochSeconds,
  ): Promise<EncryptionKey | undefined> {
    const bySecret = secretKeyManagementAlgorithms.find((each) => each === algorithm);
    if (bySecret !== undefined) {
      const [secret] = await this.clients.knownSecrets(client.id, now);
      return secret === undefined ? undefined : { key: keyFromSecret(secret, bySecret, encryption), kid: undefined };
    }
    const byKey = publicKeyManagementAlgorithms.find((each) => each === algorithm);
    if (byKey === undefined) return undefined;
    const fits = (key: PublicKey): boolean => mayEncrypt(key, byKey);
    const keys = (await this.keysOf(client, 'kept', now)).filter(fits);
    if (keys.length === 0) keys.push(...(await this.keysOf(client, 'fresh', now)).filter(fits));
    // One that says that it is for encryption before one that says nothing.
    return keys.find((key) => key.use === 'enc') ?? keys[0];
  }

  /** True when a key of this owner made the signature. */
  async isSignedBy(owner: KeyOwner, jws: Jws, algorithm: JwsAlgorithm, now: EpochSeconds): Promise<boolean> {
    const { kid } = jws.header;
    const among = (keys: readonly PublicKey[]): boolean =>
      keys
        .filter((key) => mayVerify(key, algorithm) && (kid === undefined || key.kid === undefined || key.kid === kid))
        .slice(0, mostTried)
        .some((key) => verifySignature(algorithm, key.key, jws.signingInput, jws.signature));
    const kept = await this.keysOf(owner, 'kept', now);
    if (among(kept)) return true;
    // A key that is here and did not sign this says no; one that is not here may be new (OpenID Connect Core 10.1.1).
    if (owner.jwksUri === undefined || (kid !== undefined && kept.some((key) => key.kid === kid))) return false;
    return among(await this.keysOf(owner, 'fresh', now));
  }

  private async keysOf(owner: KeyOwner, mode: 'kept' | 'fresh', now: EpochSeconds): Promise<readonly PublicKey[]> {
    if (owner.jwksUri !== undefined) return this.remote.find(owner.jwksUri, mode, now);
    if (owner.jwks === undefined) return [];
    const known = this.read.get(owner.jwks);
    if (known) return known;
    const keys = readKeySet(owner.jwks) ?? [];
    this.read.set(owner.jwks, keys);
    return keys;
  }
}
