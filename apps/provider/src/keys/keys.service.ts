import { createPrivateKey, generateKeyPair, type JsonWebKey, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { jwkThumbprint, publicJwk, signingAlgorithms, type Jwk, type SigningAlgorithm } from '@gatehouse/domain/jose';
import { addSeconds, epochSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';
import type { Unit } from '@gatehouse/server/database/store';
import { Keyring } from '@gatehouse/server/secrets/keyring';
import { IsNull, Repository } from 'typeorm';
import { AuditService } from '../audit/audit.service.js';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { CacheVersions } from '../database/cache-versions.service.js';
import { SigningKeyEntity } from './signing-key.entity.js';

export interface SigningKey {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly publicJwk: Jwk;
  readonly privateKey: KeyObject;
  readonly createdAt: EpochSeconds;
  readonly signsFrom: EpochSeconds;
  readonly retiredAt: EpochSeconds | undefined;
}

/** A key pair that was made but is not stored yet: making one is no database work. */
export interface NewKey {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly publicJwk: Jwk;
  readonly privateJwk: JsonWebKey;
}

const generate = promisify(generateKeyPair);

/** Owns the keys that sign ID tokens: makes them, publishes them, lets them sign and retires them. */
@Injectable()
export class KeysService implements OnModuleInit {
  private cached: Promise<readonly SigningKey[]> | undefined;

  constructor(
    @InjectRepository(SigningKeyEntity) private readonly keys: Repository<SigningKeyEntity>,
    @Inject(Keyring) private readonly keyring: Keyring,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(CacheVersions) private readonly versions: CacheVersions,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {}

  onModuleInit(): void {
    this.versions.onChange('keys', () => this.forget());
  }

  /** Drops what is cached; what another process changed is dropped within a second by itself. */
  forget(): void {
    this.cached = undefined;
  }

  /** @throws Error when no key of this algorithm signs: the start makes one of each kind */
  async current(algorithm: SigningAlgorithm, now: EpochSeconds): Promise<SigningKey> {
    let found: SigningKey | undefined;
    for (const key of await this.load())
      if (
        key.algorithm === algorithm &&
        key.signsFrom <= now &&
        !isRetired(key, now) &&
        (!found || key.signsFrom > found.signsFrom)
      )
        found = key;
    if (!found) throw new Error(`no ${algorithm} key signs`);
    return found;
  }

  /** What the JWKS shows: keys that sign, will sign soon, or signed what may still be alive. */
  async published(now: EpochSeconds): Promise<SigningKey[]> {
    return (await this.load()).filter((key) => !isRetired(key, now));
  }

  async list(): Promise<readonly SigningKey[]> {
    this.forget();
    return this.load();
  }

  /** A key of ours, retired ones too: what they signed long ago still says whom it was for. */
  async find(kid: string): Promise<SigningKey | undefined> {
    return (await this.load()).find((key) => key.kid === kid);
  }

  /** Algorithms that have no key yet. */
  async missing(now: EpochSeconds): Promise<SigningAlgorithm[]> {
    const present = new Set((await this.published(now)).map((key) => key.algorithm));
    return signingAlgorithms.filter((algorithm) => !present.has(algorithm));
  }

  async generate(algorithm: SigningAlgorithm): Promise<NewKey> {
    const { privateKey } = await generatePair(algorithm);
    const privateJwk = privateKey.export({ format: 'jwk' });
    const kid = jwkThumbprint(privateJwk);
    return {
      kid,
      algorithm,
      privateJwk,
      publicJwk: { ...publicJwk(privateJwk), kid, alg: algorithm, use: 'sig' },
    };
  }

  /** Stores a key that signs from `signsFrom`; those of its kind that sign now retire a while after that. */
  async add(unit: Unit, key: NewKey, signsFrom: EpochSeconds, now: EpochSeconds): Promise<void> {
    const repository = unit.manager.getRepository(SigningKeyEntity);
    await repository.update(
      { algorithm: key.algorithm, retiredAt: IsNull() },
      { retiredAt: addSeconds(signsFrom, this.settings.keyRetireSeconds) },
    );
    await repository.insert({
      kid: key.kid,
      algorithm: key.algorithm,
      publicJwk: { ...key.publicJwk } as Record<string, string>,
      privateJwkSealed: this.keyring.seal(placeOf(key.kid), JSON.stringify(key.privateJwk)),
      createdAt: now,
      signsFrom,
      retiredAt: null,
    });
    await this.versions.bump(unit, 'keys');
    await this.audit.record(unit, { type: 'key.created', subjectId: key.kid, details: { algorithm: key.algorithm } });
  }

  private load(): Promise<readonly SigningKey[]> {
    return (this.cached ??= this.read().catch((error: unknown) => {
      this.forget();
      throw error;
    }));
  }

  private async read(): Promise<readonly SigningKey[]> {
    const rows = await this.keys.find({ order: { createdAt: 'ASC', kid: 'ASC' } });
    return rows.map((row) => ({
      kid: row.kid,
      algorithm: row.algorithm as SigningAlgorithm,
      publicJwk: row.publicJwk,
      privateKey: createPrivateKey({
        format: 'jwk',
        key: JSON.parse(this.keyring.open(placeOf(row.kid), row.privateJwkSealed).toString('utf8')) as JsonWebKey,
      }),
      createdAt: epochSeconds(row.createdAt),
      signsFrom: epochSeconds(row.signsFrom),
      retiredAt: row.retiredAt === null ? undefined : epochSeconds(row.retiredAt),
    }));
  }
}

function isRetired(key: SigningKey, now: EpochSeconds): boolean {
  return key.retiredAt !== undefined && key.retiredAt <= now;
}

function placeOf(kid: string): string {
  return `signing_keys.private_jwk:${kid}`;
}

async function generatePair(algorithm: SigningAlgorithm): Promise<{ privateKey: KeyObject }> {
  switch (algorithm) {
    case 'RS256':
      return generate('rsa', { modulusLength: 2048 });
    case 'ES256':
      return generate('ec', { namedCurve: 'P-256' });
    case 'EdDSA':
      return generate('ed25519');
  }
}
