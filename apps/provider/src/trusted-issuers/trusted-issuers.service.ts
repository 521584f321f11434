import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { epochSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';
import {
  checkTrustedIssuer,
  losesKeys,
  type SubjectKind,
  type TrustedIssuer,
  type TrustedIssuerDraft,
} from '@gatehouse/domain/oauth';
import { statement, type Unit } from '@gatehouse/platform/database/store';
import { newId } from '@gatehouse/platform/secrets/random';
import type { Repository } from 'typeorm';
import { CacheVersions } from '../database/cache-versions.service.js';
import { text } from '../i18n/message.js';
import type { FieldProblem } from '../web/form-errors.js';
import { TrustedIssuerEntity } from './trusted-issuer.entity.js';

/** Locks the row until the unit of work ends, so that the checked state is the one that is changed. */
const lock = statement('trusted_issuers.lock', 'SELECT id FROM trusted_issuers WHERE id = $1 FOR UPDATE', {
  sqlite: 'SELECT id FROM trusted_issuers WHERE id = $1',
});

/** Administrators create them, so there are few: all are read at once and cached. */
const maxIssuers = 200;

/** Called in the unit of work of the change. */
export interface TrustedIssuerListener {
  /** The issuer was deleted, or replaced by another name or other keys: what was issued for its assertions ends. */
  issuerEnded(unit: Unit, issuerId: string, now: EpochSeconds): Promise<void>;
  /** A client may not present its assertions any more: what was issued to the client for them ends. */
  clientRemoved(unit: Unit, removed: RemovedClient, now: EpochSeconds): Promise<void>;
}

export interface RemovedClient {
  readonly issuerId: string;
  readonly clientId: string;
}

type Outcome = { readonly trusted: TrustedIssuer } | { readonly problems: readonly FieldProblem[] };

/** Owns the trusted issuers. Every process sees a change within a second. */
@Injectable()
export class TrustedIssuers implements OnModuleInit {
  private readonly listeners: TrustedIssuerListener[] = [];
  private cached: Promise<readonly TrustedIssuer[]> | undefined;

  constructor(
    @InjectRepository(TrustedIssuerEntity) private readonly rows: Repository<TrustedIssuerEntity>,
    @Inject(CacheVersions) private readonly versions: CacheVersions,
  ) {}

  onModuleInit(): void {
    this.versions.onChange('issuers', () => {
      this.cached = undefined;
    });
  }

  addListener(listener: TrustedIssuerListener): void {
    this.listeners.push(listener);
  }

  /** Finds an issuer by its `iss`. */
  async find(issuer: string): Promise<TrustedIssuer | undefined> {
    return (await this.all()).find((each) => each.issuer === issuer);
  }

  /** All of them, by name. */
  all(): Promise<readonly TrustedIssuer[]> {
    return (this.cached ??= this.read().catch((error: unknown) => {
      this.cached = undefined;
      throw error;
    }));
  }

  /** Reads an issuer from the database, for pages that edit it. */
  async findFresh(id: string): Promise<TrustedIssuer | undefined> {
    const row = await this.rows.findOneBy({ id });
    return row ? toTrusted(row) : undefined;
  }

  async create(unit: Unit, draft: TrustedIssuerDraft, now: EpochSeconds): Promise<Outcome> {
    const checked = checkTrustedIssuer({ ...draft, id: newId(), createdAt: now });
    if ('problems' in checked) return checked;
    const repository = unit.manager.getRepository(TrustedIssuerEntity);
    if ((await repository.count()) >= maxIssuers)
      return { problems: [{ field: 'issuer', message: text('problem.issuer.full', { most: maxIssuers }) }] };
    if (await repository.existsBy({ issuer: checked.trusted.issuer })) return taken;
    await repository.insert({ ...toRow(checked.trusted), createdAt: now, updatedAt: now });
    await this.versions.bump(unit, 'issuers');
    return checked;
  }

  /** Reads an issuer and locks its row until the unit of work ends. */
  async lockAndRead(unit: Unit, id: string): Promise<TrustedIssuer | undefined> {
    if (id.length > 200) return undefined;
    await unit.one(lock, id);
    const row = await unit.manager.getRepository(TrustedIssuerEntity).findOneBy({ id });
    return row ? toTrusted(row) : undefined;
  }

  /**
   * Stores a changed issuer, and ends what was issued for assertions that are not accepted any more: notifies the listeners
   * in the same unit of work.
   * @param before from {@link lockAndRead}
   */
  async update(unit: Unit, before: TrustedIssuer, draft: TrustedIssuerDraft, now: EpochSeconds): Promise<Outcome> {
    const { id, createdAt } = before;
    const repository = unit.manager.getRepository(TrustedIssuerEntity);
    const checked = checkTrustedIssuer({ ...draft, id, createdAt });
    if ('problems' in checked) return checked;
    const other = await repository.findOneBy({ issuer: checked.trusted.issuer });
    if (other && other.id !== id) return taken;
    await repository.update({ id }, { ...toRow(checked.trusted), updatedAt: now });
    await this.endReplaced(unit, before, checked.trusted, now);
    await this.versions.bump(unit, 'issuers');
    return checked;
  }

  /** Deletes an issuer, and ends what was issued for its assertions: notifies the listeners in the same unit of work. */
  async remove(unit: Unit, id: string, now: EpochSeconds): Promise<void> {
    await unit.manager.getRepository(TrustedIssuerEntity).delete({ id });
    for (const listener of this.listeners) await listener.issuerEnded(unit, id, now);
    await this.versions.bump(unit, 'issuers');
  }

  private async endReplaced(unit: Unit, before: TrustedIssuer, after: TrustedIssuer, now: EpochSeconds): Promise<void> {
    const { id: issuerId } = before;
    const isReplaced = before.issuer !== after.issuer || losesKeys(before, after);
    const removed = before.clients.filter((clientId) => !after.clients.includes(clientId));
    for (const listener of this.listeners) {
      if (isReplaced) await listener.issuerEnded(unit, issuerId, now);
      else for (const clientId of removed) await listener.clientRemoved(unit, { issuerId, clientId }, now);
    }
  }

  private async read(): Promise<readonly TrustedIssuer[]> {
    return (await this.rows.find({ order: { name: 'ASC', id: 'ASC' }, take: maxIssuers })).map(toTrusted);
  }
}

const taken = { problems: [{ field: 'issuer', message: text('problem.issuer.taken') }] };

function toTrusted(row: TrustedIssuerEntity): TrustedIssuer {
  return {
    id: row.id,
    issuer: row.issuer,
    name: row.name,
    jwksUri: row.jwksUri ?? undefined,
    // Only written from a checked issuer.
    jwks: (row.jwks ?? undefined) as TrustedIssuer['jwks'],
    subject: row.subject as SubjectKind,
    clients: row.clients,
    scope: row.scope,
    resources: row.resources ?? [],
    createdAt: epochSeconds(row.createdAt),
  };
}

function toRow(trusted: TrustedIssuer): Omit<TrustedIssuerEntity, 'createdAt' | 'updatedAt'> {
  return {
    id: trusted.id,
    issuer: trusted.issuer,
    name: trusted.name,
    jwksUri: trusted.jwksUri ?? null,
    jwks: trusted.jwks === undefined ? null : { ...trusted.jwks },
    subject: trusted.subject,
    clients: [...trusted.clients],
    scope: [...trusted.scope],
    resources: trusted.resources.length === 0 ? null : [...trusted.resources],
  };
}
