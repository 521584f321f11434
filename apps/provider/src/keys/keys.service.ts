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

/** A key pair of ours. */
export interface ServerKey {
  readonly kid: string;
  readonly kind: KeyKind;
  /** As the JWKS shows it. */
  readonly publicJwk: Jwk;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
  readonly createdAt: EpochSeconds;
  readonly signsFrom: EpochSeconds;
  readonly retiredAt: EpochSeconds | undefined;
}

/** A key pair that was made but is not stored yet: making one is no database work. */
export interface NewKey {
  readonly kid: string;
  readonly kind: KeyKind;
  readonly publicJwk: Jwk;
  readonly privateJwk: JsonWebKey;
}

/** Owns our key pairs, those that sign and those that others encrypt to: makes, publishes, uses and retires them. */
@Injectable()
export class KeysService implements OnModuleInit {
  private cached: Promise<readonly ServerKey[]> | undefined;
  private shown:
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

  /** Drops what is cached; what another process changed is dropped within a second by itself. */
  forget(): void {
    this.cached = undefined;
  }

  /** The key that signs. @throws Error when there is none of this kind: the start makes one of each */
  async current(kind: KeyKind, now: EpochSeconds): Promise<ServerKey> {
    const loaded = await this.load();
    const key = currentKey(
      loaded.filter((each) => each.kind === kind),
      now,
    );
    if (!key) throw new Error(`no ${kind} key is in use`);
    return key;
  }

  /**
   * What the JWKS shows: keys in use, those that will be soon, and those that signed what may still be alive. The same
   * list as long as they are the same keys.
   */
  async published(now: EpochSeconds): Promise<readonly ServerKey[]> {
    const loaded = await this.load();
    const before = this.shown?.loaded === loaded ? this.shown : undefined;
    if (before?.at === now) return before.keys;
    const keys = loaded.filter((key) => !isRetired(key, now));
    // Keys only retire: as many of the same ones are the same.
    this.shown = { loaded, at: now, keys: before?.keys.length === keys.length ? before.keys : keys };
    return this.shown.keys;
  }

  async list(): Promise<readonly ServerKey[]> {
    this.forget();
    return this.load();
  }

  /** A key of ours, retired ones too: what they signed long ago still says whom it was for. */
  async find(kid: string): Promise<ServerKey | undefined> {
    return (await this.load()).find((key) => key.kid === kid);
  }

  /** Kinds that have no key yet. */
  async missing(now: EpochSeconds): Promise<KeyKind[]> {
    const present = new Set((await this.published(now)).map((key) => key.kind));
    return keyKindNames.filter((kind) => !present.has(kind));
  }

  /** Makes key pairs side by side: RSA primes take their time, off this thread. */
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

  /** Stores a key that is used from `signsFrom`; those of its kind that are in use retire a while after that. */
  async add(unit: Unit, key: NewKey, signsFrom: EpochSeconds, now: EpochSeconds): Promise<void> {
    const repository = unit.manager.getRepository(SigningKeyEntity);
    const retiredAt = addSeconds(signsFrom, this.settings.keyRetireSeconds);
    // Also an end that is later: a key that was to take over after this one does not.
    const endLater = [IsNull(), MoreThan(retiredAt)].map((end) => ({ algorithm: key.kind, retiredAt: end }));
    await repository.update(endLater, { retiredAt });
    await repository.insert({
      kid: key.kid,
      algorithm: key.kind,
      publicJwk: { ...key.publicJwk } as Record<string, string>,
      privateJwkSealed: this.keyring.seal(placeOf(key.kid), JSON.stringify(key.privateJwk)),
      createdAt: now,
      signsFrom,
      retiredAt: null,
    });
    await this.versions.bump(unit, 'keys');
  }

  /**
   * Puts a new key of each kind in the place of the one that signs.
   * @param atOnce for a key that leaked: else it is published first and signs later, so that relying parties that cache
   *   the JWKS know it when they meet it. Where none signs yet there is nothing to wait for.
   */
  async replaceAll(
    unit: Unit,
    made: readonly NewKey[],
    how: { readonly atOnce: boolean; readonly present: readonly ServerKey[] },
    now: EpochSeconds,
  ): Promise<void> {
    for (const key of made) {
      const signs = how.present.some((other) => other.kind === key.kind);
      const signsFrom = signs && !how.atOnce ? addSeconds(now, this.settings.keyPrepublishSeconds) : now;
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
        key: JSON.parse(this.keyring.open(placeOf(row.kid), row.privateJwkSealed).toString('utf8')) as JsonWebKey,
      });
      // The column is written by `add` alone.
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

/** What the JWKS shows of a key. A key that serves several algorithms names none, lest a relying party refuse the others. */
function publishedJwk(kind: KeyKind, kid: string, jwk: Jwk): Jwk {
  const { alg: _several, ...members } = publicJwk(jwk);
  const { use, ...rest }: { use: string; alg?: string } = keyKinds[kind];
  return { ...members, kid, ...(rest.alg === undefined ? {} : { alg: rest.alg }), use };
}

function placeOf(kid: string): string {
  return `signing_keys.private_jwk:${kid}`;
}
