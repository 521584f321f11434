import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { addSeconds, epochSeconds, equalInConstantTime, sha256, type EpochSeconds } from '@gatehouse/domain/kernel';
import { newId, newSecret } from '@gatehouse/platform/secrets/random';
import { statement, type Unit } from '@gatehouse/platform/database/store';
import { Repository } from 'typeorm';
import { AuditService } from '../../audit/audit.service.js';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { isCreatedBy, type CreatedVia } from '../../users/created-via.js';
import { UsersService } from '../../users/users.service.js';
import { InitialAccessTokenEntity } from './registration.entities.js';

/** An initial access token as administrators see it, without its value. */
export interface InitialAccessToken {
  readonly id: string;
  readonly name: string;
  readonly uses: number;
  /** Undefined: unlimited. */
  readonly maxUses: number | undefined;
  /** Clients that are registered with it are approved at once. */
  readonly approves: boolean;
  readonly createdAt: EpochSeconds;
  readonly expiresAt: EpochSeconds | undefined;
  readonly lastUsedAt: EpochSeconds | undefined;
}

/** A token that is currently valid. */
export interface ValidInitialAccessToken {
  readonly id: string;
  /** True: clients that are registered with it are approved, and may choose their security profile. */
  readonly approves: boolean;
}

/** The value of `registered_with` for the token of the settings. */
export const settingTokenId = 'setting';

const notExpired = '(expires_at IS NULL OR expires_at > $2)';

const tokenStatements = {
  consume: statement(
    'initial_access_tokens.spend',
    `UPDATE initial_access_tokens SET uses = uses + 1, last_used_at = $2
     WHERE id = $1 AND (most_uses IS NULL OR uses < most_uses) AND ${notExpired}
     RETURNING approves`,
  ),
  deleteCreatedBy: statement(
    'initial_access_tokens.withdraw_created_by',
    `DELETE FROM initial_access_tokens WHERE made_by = $1 AND approves = TRUE AND ${notExpired} RETURNING id`,
  ),
  deleteCreatedVia: statement(
    'initial_access_tokens.withdraw_created_via',
    `DELETE FROM initial_access_tokens WHERE made_via_client = $1 AND approves = TRUE AND ${notExpired}
       AND ${isCreatedBy('made_by')} RETURNING id, made_via_client`,
  ),
  deleteCreatedByViaClients: statement(
    'initial_access_tokens.withdraw_created_by_via_clients',
    `DELETE FROM initial_access_tokens WHERE made_by = $1 AND made_via_client IS NOT NULL AND approves = TRUE
       AND ${notExpired} RETURNING id, made_via_client`,
  ),
  purge: statement('initial_access_tokens.purge', 'DELETE FROM initial_access_tokens WHERE expires_at <= $1'),
};

interface DeletedToken {
  readonly id: string;
  readonly made_via_client: string;
}

/** Expired tokens remain visible to administrators for this long. */
const retentionSeconds = 30 * 24 * 3600;
const maxListed = 1000;

export interface NewInitialAccessToken {
  readonly name: string;
  readonly maxUses?: number | undefined;
  readonly approves?: boolean | undefined;
  readonly lifetimeSeconds?: number | undefined;
  /** The administrator who creates it. */
  readonly createdBy?: string | undefined;
  /** The client with whose access token it is created. */
  readonly createdViaClient?: string | undefined;
}

export interface CreatedInitialAccessToken {
  readonly id: string;
  readonly token: string;
  readonly expiresAt: EpochSeconds | undefined;
}

/** Owns initial access tokens (RFC 7591 1.2): the one of the settings, and those that administrators create. */
@Injectable()
export class InitialAccessTokens implements OnModuleInit {
  private readonly settingHash: Uint8Array | undefined;

  constructor(
    @Inject(SETTINGS) settings: Settings,
    @InjectRepository(InitialAccessTokenEntity) private readonly rows: Repository<InitialAccessTokenEntity>,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {
    this.settingHash = settings.initialAccessToken === undefined ? undefined : sha256(settings.initialAccessToken);
  }

  /**
   * A token that approves clients has a right of administrators, and its creator has seen it: it is deleted when they lose
   * their rights or their account is reset. Other tokens remain: an administrator still has to approve clients that are registered with them.
   */
  onModuleInit(): void {
    this.users.addListener({
      allAccessEnded: (unit, userId, now) => this.deleteCreatedBy(unit, userId, now),
      rolesChanged: (unit, userId, roles, now) =>
        roles.includes('admin') ? Promise.resolve() : this.deleteCreatedBy(unit, userId, now),
    });
  }

  private async deleteCreatedBy(unit: Unit, userId: string, now: EpochSeconds): Promise<void> {
    for (const { id } of await unit.all<{ id: string }>(tokenStatements.deleteCreatedBy, userId, now))
      await this.audit.record(unit, {
        type: 'initial_access_token.deleted',
        actorId: null,
        subjectId: id,
        details: { why: 'maker' },
      });
  }

  /** Deletes the valid approving tokens that were created with the access tokens of a client. */
  async deleteCreatedVia(unit: Unit, { clientId, createdBy }: CreatedVia, now: EpochSeconds): Promise<void> {
    const { deleteCreatedVia, deleteCreatedByViaClients } = tokenStatements;
    const rows =
      clientId === undefined
        ? await unit.all<DeletedToken>(deleteCreatedByViaClients, createdBy, now)
        : await unit.all<DeletedToken>(deleteCreatedVia, clientId, now, createdBy ?? null);
    for (const { id, made_via_client: clientId } of rows)
      await this.audit.record(unit, {
        type: 'initial_access_token.deleted',
        actorId: null,
        clientId,
        subjectId: id,
        details: { why: 'client' },
      });
  }

  /** Finds a valid token without using it: see {@link consume}. */
  async findValid(text: string, now: EpochSeconds): Promise<ValidInitialAccessToken | undefined> {
    const hash = sha256(text);
    if (this.settingHash !== undefined && equalInConstantTime(this.settingHash, hash))
      return { id: settingTokenId, approves: false };
    const row = await this.rows.findOneBy({ tokenHash: Buffer.from(hash) });
    if (!row || !equalInConstantTime(row.tokenHash, hash)) return undefined;
    if (row.expiresAt !== null && row.expiresAt <= now) return undefined;
    return row.maxUses !== null && row.uses >= row.maxUses ? undefined : { id: row.id, approves: row.approves };
  }

  /**
   * Counts a use, in the unit of work of the registration.
   * @returns whether it approves the client; undefined when it has been used up or has expired since it was found
   */
  async consume(unit: Unit, id: string, now: EpochSeconds): Promise<{ readonly approves: boolean } | undefined> {
    // Never approves, because it does not expire and its uses are unlimited.
    if (id === settingTokenId) return { approves: false };
    const row = await unit.one<{ approves: 0 | 1 }>(tokenStatements.consume, id, now);
    return row && { approves: row.approves === 1 };
  }

  /** @returns the token's value, which cannot be retrieved later */
  async add(unit: Unit, token: NewInitialAccessToken, now: EpochSeconds): Promise<CreatedInitialAccessToken> {
    const id = newId();
    const value = newSecret();
    const approves = token.approves ?? false;
    const expiresAt = token.lifetimeSeconds === undefined ? undefined : addSeconds(now, token.lifetimeSeconds);
    await unit.manager.getRepository(InitialAccessTokenEntity).insert({
      id,
      tokenHash: Buffer.from(sha256(value)),
      name: token.name,
      uses: 0,
      maxUses: token.maxUses ?? null,
      approves,
      createdBy: token.createdBy ?? null,
      createdViaClient: token.createdViaClient ?? null,
      createdAt: now,
      expiresAt: expiresAt ?? null,
      lastUsedAt: null,
    });
    return { id, token: value, expiresAt };
  }

  async list(): Promise<InitialAccessToken[]> {
    const rows = await this.rows.find({ order: { createdAt: 'DESC', id: 'DESC' }, take: maxListed });
    return rows.map((row) => ({
      id: row.id,
      name: row.name,
      uses: row.uses,
      maxUses: row.maxUses ?? undefined,
      approves: row.approves,
      createdAt: epochSeconds(row.createdAt),
      expiresAt: row.expiresAt === null ? undefined : epochSeconds(row.expiresAt),
      lastUsedAt: row.lastUsedAt === null ? undefined : epochSeconds(row.lastUsedAt),
    }));
  }

  /** The name of the token; undefined when it was deleted. */
  async name(id: string): Promise<string | undefined> {
    return (await this.rows.findOneBy({ id }))?.name;
  }

  /** False when there is none. Clients that were registered with it remain. */
  async remove(unit: Unit, id: string): Promise<boolean> {
    const deleted = await unit.manager.getRepository(InitialAccessTokenEntity).delete({ id });
    return deleted.affected === 1;
  }

  async purgeExpired(unit: Unit, now: EpochSeconds): Promise<number> {
    return unit.change(tokenStatements.purge, now - retentionSeconds);
  }
}
