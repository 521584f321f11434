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
  /** The encrypted secret; undefined when only its hash is stored. */
  readonly sealed: string | undefined;
  readonly createdAt: EpochSeconds;
  readonly expiresAt: EpochSeconds | undefined;
}

/** Owns client secrets: stored as a hash, and encrypted where the client's metadata requires the secret itself. */
@Injectable()
export class ClientSecrets {
  constructor(
    @InjectRepository(ClientSecretEntity) private readonly secrets: Repository<ClientSecretEntity>,
    @Inject(Keyring) private readonly keyring: Keyring,
  ) {}

  /** Newest first, including expired ones that are not purged yet. */
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

  /** Decrypts the secret. @throws UnsealError when it was not encrypted for this row with a key of this server */
  open(secret: StoredSecret & { readonly sealed: string }): string {
    return this.keyring.open(associatedDataOf(secret.id), secret.sealed).toString('utf8');
  }

  /**
   * Adapts the stored secrets to what the client's metadata requires.
   * @returns a new secret when the client lacks a usable one: where the secret itself is the key, a secret that is only
   *   stored as a hash is replaced
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

  /** Creates a secret; the older ones expire after the overlap. */
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
    const deleted = await unit.manager.getRepository(ClientSecretEntity).delete({ expiresAt: LessThanOrEqual(now) });
    return deleted.affected ?? 0;
  }

  private async add(
    unit: Unit,
    clientId: string,
    need: Exclude<SecretNeed, 'none'>,
    now: EpochSeconds,
  ): Promise<string> {
    const id = newId();
    // RFC 7518 3.2: an HMAC key is at least as long as the hash output, 64 bytes for HS512.
    const secret = need === 'known' ? newLongSecret() : newSecret();
    await unit.manager.getRepository(ClientSecretEntity).insert({
      id,
      clientId,
      secretHash: sha256(secret),
      secretSealed: need === 'known' ? this.keyring.seal(associatedDataOf(id), secret) : null,
      createdAt: now,
      expiresAt: null,
    });
    return secret;
  }
}

function associatedDataOf(id: string): string {
  return `client_secrets.secret_sealed:${id}`;
}

export function isValidSecret(secret: StoredSecret, now: EpochSeconds): boolean {
  return secret.expiresAt === undefined || secret.expiresAt > now;
}

/** True when one of the valid secrets has this hash. Compares all of them, so that timing reveals nothing. */
export function matchesSecret(secrets: readonly StoredSecret[], hash: Uint8Array, now: EpochSeconds): boolean {
  let found = false;
  for (const secret of secrets) if (equalInConstantTime(secret.hash, hash) && isValidSecret(secret, now)) found = true;
  return found;
}
