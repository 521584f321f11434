import { Inject, Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { addSeconds, epochSeconds, equalInConstantTime, sha256, type EpochSeconds } from '@gatehouse/domain/kernel';
import type { SecretNeed } from '@gatehouse/domain/oauth';
import type { Unit } from '@gatehouse/platform/database/store';
import { Keyring } from '@gatehouse/platform/secrets/keyring';
import { newId, newLongSecret, newSecret } from '@gatehouse/platform/secrets/random';
import { IsNull, LessThanOrEqual, Repository } from 'typeorm';
import { ClientSecretEntity } from './client.entity.js';

/** One secret of a client, as it is stored. */
export interface StoredSecret {
  readonly id: string;
  readonly hash: Uint8Array;
  /** The secret itself, encrypted; undefined where only its hash is kept. */
  readonly sealed: string | undefined;
  readonly createdAt: EpochSeconds;
  readonly expiresAt: EpochSeconds | undefined;
}

/** Owns the rows of clients' secrets: a hash for all, the secret itself for those that cannot do without. */
@Injectable()
export class ClientSecrets {
  constructor(
    @InjectRepository(ClientSecretEntity) private readonly secrets: Repository<ClientSecretEntity>,
    @Inject(Keyring) private readonly keyring: Keyring,
  ) {}

  /** Newest first, those that have ended and are not purged yet among them. */
  async read(clientId: string): Promise<StoredSecret[]> {
    const rows = await this.secrets.find({ where: { clientId }, order: { createdAt: 'DESC', id: 'DESC' } });
    return rows.map((row) => ({
      id: row.id,
      hash: row.secretHash,
      sealed: row.secretSealed ?? undefined,
      createdAt: epochSeconds(row.createdAt),
      expiresAt: row.expiresAt === null ? undefined : epochSeconds(row.expiresAt),
    }));
  }

  /** The secret itself. @throws CannotOpen when it was not sealed here */
  open(secret: StoredSecret & { readonly sealed: string }): string {
    return this.keyring.open(placeOf(secret.id), secret.sealed).toString('utf8');
  }

  /**
   * Makes what is stored what the client's metadata need.
   * @returns a new secret where the client needs one that it does not have: one of which we know but the hash is of no
   *   use where the secret itself is the key, and ends
   */
  async reconcile(unit: Unit, clientId: string, need: SecretNeed, now: EpochSeconds): Promise<string | undefined> {
    const repository = unit.manager.getRepository(ClientSecretEntity);
    if (need === 'none') {
      await repository.delete({ clientId });
      return undefined;
    }
    if (need === 'compared') await repository.update({ clientId }, { secretSealed: null });
    const [current] = await repository.find({ where: { clientId, expiresAt: IsNull() }, take: 1 });
    if (current && (need === 'compared' || current.secretSealed !== null)) return undefined;
    await repository.delete({ clientId });
    return this.add(unit, clientId, need, now);
  }

  /** A new secret; the others end after the overlap. */
  async rotate(
    unit: Unit,
    clientId: string,
    need: Exclude<SecretNeed, 'none'>,
    overlapSeconds: number,
    now: EpochSeconds,
  ): Promise<string> {
    const end = addSeconds(now, overlapSeconds);
    await unit.manager
      .getRepository(ClientSecretEntity)
      .createQueryBuilder()
      .update()
      .set({ expiresAt: end })
      .where('client_id = :clientId AND (expires_at IS NULL OR expires_at > :end)', { clientId, end })
      .execute();
    return this.add(unit, clientId, need, now);
  }

  async purgeExpired(unit: Unit, now: EpochSeconds): Promise<number> {
    const gone = await unit.manager.getRepository(ClientSecretEntity).delete({ expiresAt: LessThanOrEqual(now) });
    return gone.affected ?? 0;
  }

  private async add(
    unit: Unit,
    clientId: string,
    need: Exclude<SecretNeed, 'none'>,
    now: EpochSeconds,
  ): Promise<string> {
    const id = newId();
    // RFC 7518 3.2: a key for HMAC is at least as long as the hash, 64 bytes for HS512.
    const secret = need === 'known' ? newLongSecret() : newSecret();
    await unit.manager.getRepository(ClientSecretEntity).insert({
      id,
      clientId,
      secretHash: sha256(secret),
      secretSealed: need === 'known' ? this.keyring.seal(placeOf(id), secret) : null,
      createdAt: now,
      expiresAt: null,
    });
    return secret;
  }
}

function placeOf(id: string): string {
  return `client_secrets.secret_sealed:${id}`;
}

export function isValidSecret(secret: StoredSecret, now: EpochSeconds): boolean {
  return secret.expiresAt === undefined || secret.expiresAt > now;
}

/** True when one of the valid secrets has this hash; every one is compared, so that the time tells nothing. */
export function matchesSecret(secrets: readonly StoredSecret[], hash: Uint8Array, now: EpochSeconds): boolean {
  let found = false;
  for (const secret of secrets) if (equalInConstantTime(secret.hash, hash) && isValidSecret(secret, now)) found = true;
  return found;
}
