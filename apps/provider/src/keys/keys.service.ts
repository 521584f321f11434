import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { currentKey, isRetired, jwkThumbprint, publicJwk, type Jwk } from '@gatehouse/domain/jose';
import { addSeconds, epochSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';
import type { Unit } from '@gatehouse/platform/database/store';
import { Keyring } from '@gatehouse/platform/secrets/keyring';
import { IsNull, MoreThan, Repository } from 'typeorm';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { CacheVersions } from '../database/cache-versions.service.js';
import { keyKindNames, keyKinds, type KeyKind } from './key-kinds.js';
import { SigningKeyEntity } from './signing-key.entity.js';

/** A key pair of this server. */
export interface ServerKey {
  readonly kid: string;
  readonly kind: KeyKind;
  /** As published in the JWKS. */
  readonly publicJwk: Jwk;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
  readonly createdAt: EpochSeconds;
  readonly signsFrom: EpochSeconds;
  readonly retiredAt: EpochSeconds | undefined;
}

/** A generated key pair that is not stored yet: keys are generated outside the unit of work. */
export interface NewKey {
  readonly kid: string;
  readonly kind: KeyKind;
  readonly publicJwk: Jwk;
  readonly privateJwk: JsonWebKey;
}

/** Owns the key pairs of this server for signing and encryption: creates, publishes, uses and retires them. */
@Injectable()
export class KeysService implements OnModuleInit {
  private cached: Promise<readonly ServerKey[]> | undefined;
  private lastPublished:
    | { readonly loaded: readonly ServerKey[]; readonly at: EpochSeconds; readonly keys: readonly ServerKey[] }
    | undefined;

  constructor(
    @InjectRepository(SigningKeyEntity) private readonly keys: Repository<SigningKeyEntity>,
    @Inject(Keyring) private readonly keyring: Keyring,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(CacheVersions) private readonly versions: CacheVersions,
  ) {}

  onModuleInit(): void {
    this.versions.onChange('keys', () => this.forget());
  }

  /** Clears the cache. Changes by another process clear it within a second. */
  forget(): void {
    this.cached = undefined;
  }

  /** The key that signs. @throws Error when there is none of this kind: startup creates one of each */
  async current(kind: KeyKind, now: EpochSeconds): Promise<ServerKey> {
    const loaded = await this.load();
    const key = currentKey(
      loaded.filter((each) => each.kind === kind),
      now,
    );
    if (!key) throw new Error(`There is no current ${kind} key.`);
    return key;
  }

  /**
   * The keys of the JWKS: current keys, keys that will sign soon, and keys whose signatures may still be valid. Returns the
   * same array as long as the keys are the same.
   */
  async published(now: EpochSeconds): Promise<readonly ServerKey[]> {
    const loaded = await this.load();
    const before = this.lastPublished?.loaded === loaded ? this.lastPublished : undefined;
    if (before?.at === now) return before.keys;
    const keys = loaded.filter((key) => !isRetired(key, now));
    // Keys only retire: the same number of keys of one load means the same keys.
    this.lastPublished = { loaded, at: now, keys: before?.keys.length === keys.length ? before.keys : keys };
    return this.lastPublished.keys;
  }

  async list(): Promise<readonly ServerKey[]> {
    this.forget();
    return this.load();
  }

  /** Finds a key, including retired ones: an old ID token still identifies its client. */
  async find(kid: string): Promise<ServerKey | undefined> {
    return (await this.load()).find((key) => key.kid === kid);
  }

  /** Kinds without a key. */
  async missing(now: EpochSeconds): Promise<KeyKind[]> {
    const present = new Set((await this.published(now)).map((key) => key.kind));
    return keyKindNames.filter((kind) => !present.has(kind));
  }

  /** Generates key pairs in parallel: RSA keys take long, off the main thread. */
  async generate(kinds: readonly KeyKind[]): Promise<NewKey[]> {
    return Promise.all(
      kinds.map(async (kind) => {
        const { privateKey } = await keyKinds[kind].generate();
        const privateJwk = privateKey.export({ format: 'jwk' });
        const kid = jwkThumbprint(privateJwk);
        return { kid, kind, privateJwk, publicJwk: publishedJwk(kind, kid, privateJwk) };
      }),
    );
  }

  /** Stores a key that is used from `signsFrom`; the current keys of its kind retire some time after that. */
  async add(unit: Unit, key: NewKey, signsFrom: EpochSeconds, now: EpochSeconds): Promise<void> {
    const repository = unit.manager.getRepository(SigningKeyEntity);
    const retiredAt = addSeconds(signsFrom, this.settings.keyRetireSeconds);
    // Also keys that would retire later: a key scheduled to replace this one is superseded.
    const retiresLater = [IsNull(), MoreThan(retiredAt)].map((end) => ({ algorithm: key.kind, retiredAt: end }));
    await repository.update(retiresLater, { retiredAt });
    await repository.insert({
      kid: key.kid,
      algorithm: key.kind,
      publicJwk: { ...key.publicJwk } as Record<string, string>,
      privateJwkSealed: this.keyring.seal(associatedDataOf(key.kid), JSON.stringify(key.privateJwk)),
      createdAt: now,
      signsFrom,
      retiredAt: null,
    });
    await this.versions.bump(unit, 'keys');
  }

  /**
   * Replaces the signing key of each kind by a new one.
   * @param atOnce for a leaked key; otherwise the new key is published before it signs, so that relying parties that cache
   *   the JWKS know it in time. Without a signing key the new one signs at once.
   */
  async replaceAll(
    unit: Unit,
    newKeys: readonly NewKey[],
    options: { readonly atOnce: boolean; readonly present: readonly ServerKey[] },
    now: EpochSeconds,
  ): Promise<void> {
    for (const key of newKeys) {
      const hasPredecessor = options.present.some((other) => other.kind === key.kind);
      const signsFrom = hasPredecessor && !options.atOnce ? addSeconds(now, this.settings.keyPrepublishSeconds) : now;
      await this.add(unit, key, signsFrom, now);
    }
  }

  private load(): Promise<readonly ServerKey[]> {
    return (this.cached ??= this.read().catch((error: unknown) => {
      this.forget();
      throw error;
    }));
  }

  private async read(): Promise<readonly ServerKey[]> {
    const rows = await this.keys.find({ order: { createdAt: 'ASC', kid: 'ASC' } });
    return rows.map((row) => {
      const privateKey = createPrivateKey({
        format: 'jwk',
        key: JSON.parse(
          this.keyring.open(associatedDataOf(row.kid), row.privateJwkSealed).toString('utf8'),
        ) as JsonWebKey,
      });
      // Only `add` writes the column.
      const kind = row.algorithm as KeyKind;
      return {
        kid: row.kid,
        kind,
        publicJwk: publishedJwk(kind, row.kid, row.publicJwk),
        publicKey: createPublicKey(privateKey),
        privateKey,
        createdAt: epochSeconds(row.createdAt),
        signsFrom: epochSeconds(row.signsFrom),
        retiredAt: row.retiredAt === null ? undefined : epochSeconds(row.retiredAt),
      };
    });
  }
}

/** The JWK in the JWKS. A key for several algorithms has no `alg`, because a relying party could reject the others. */
function publishedJwk(kind: KeyKind, kid: string, jwk: Jwk): Jwk {
  const { alg: _several, ...members } = publicJwk(jwk);
  const { use, ...rest }: { use: string; alg?: string } = keyKinds[kind];
  return { ...members, kid, ...(rest.alg === undefined ? {} : { alg: rest.alg }), use };
}

function associatedDataOf(kid: string): string {
  return `signing_keys.private_jwk:${kid}`;
}
