import { Inject, Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { sha256, type EpochSeconds } from '@gatehouse/domain/kernel';
import {
  isDynamicallyRegistered,
  raisesProfile,
  endsCredentials,
  secretNeed,
  type Client,
} from '@gatehouse/domain/oauth';
import { changesSubjects } from '@gatehouse/domain/oidc';
import { Store, type Unit } from '@gatehouse/platform/database/store';
import { In, Repository } from 'typeorm';
import { CacheVersions } from '../database/cache-versions.service.js';
import { LastUse } from '../database/last-use.js';
import type { Cursor } from '../web/cursor.js';
import { clientOrderings, clientStateConditions, type ClientListQuery } from './client-sort-orders.js';
import { ClientOriginEntity } from './client-origin.entity.js';
import { likePattern } from '../users/search-text.js';
import { ClientEntity } from './client.entity.js';
import { clientStatements } from './client.statements.js';
import { ClientRules } from './client-rules.service.js';
import { isClientId, toClient, toRow, webOriginsOf, lastUseOf } from './client-row.js';
import { ClientSecrets, isValidSecret, matchesSecret, type StoredSecret } from './client-secrets.service.js';

/** Called in the unit of work of the change. */
export interface ClientLifecycleListener {
  /** The client's grants and tokens end, because it was deleted, disabled or restricted, or for another change. */
  clientEnded(unit: Unit, clientId: string, now: EpochSeconds): Promise<void>;
  /** The name, logo, website, sector or a redirect host of a client changed, and no administrator approved the change. */
  clientIdentityChanged?(unit: Unit, clientId: string, now: EpochSeconds): Promise<void>;
  /**
   * The client's own tokens are revoked, because it lost the right to them, has a new owner, or the credentials that it got
   * them with ended. Consents and grants of users remain.
   */
  ownTokensEnded?(unit: Unit, clientId: string, now: EpochSeconds): Promise<void>;
  /** A client gained or lost these administration scopes: grants with one of them are revoked. Its own tokens end as well. */
  administrationChanged?(unit: Unit, change: AdministrationChange, now: EpochSeconds): Promise<void>;
}

export interface AdministrationChange {
  readonly clientId: string;
  readonly scopes: readonly string[];
}

/** A client and the version of its credentials (see {@link ClientEntity.credentialsVersion}). */
export interface VersionedClient {
  readonly client: Client;
  readonly credentialsVersion: number;
}

interface CachedClient extends VersionedClient {
  readonly secrets: readonly StoredSecret[];
}

/** How many clients a process caches; the one loaded first is evicted. */
const maxCached = 10_000;
/** The last use of a client is recorded to the minute. */
const useSeconds = 60;

/** Owns clients. They are cached; the cache is cleared within a second of a change. */
@Injectable()
export class ClientsService implements OnModuleInit, BeforeApplicationShutdown {
  private readonly listeners: ClientLifecycleListener[] = [];
  private cache = new Map<string, CachedClient>();
  private origins = new Set<string>();
  private lastRecorded = new Map<string, EpochSeconds>();
  private readonly uses: LastUse<string>;

  constructor(
    @InjectRepository(ClientEntity) private readonly clients: Repository<ClientEntity>,
    @Inject(ClientSecrets) private readonly secrets: ClientSecrets,
    @Inject(Store) private readonly store: Store,
    @Inject(CacheVersions) private readonly versions: CacheVersions,
    @Inject(ClientRules) private readonly rules: ClientRules,
  ) {
    this.uses = new LastUse(store, clientStatements.use);
  }

  onModuleInit(): void {
    this.versions.onChange('clients', () => {
      this.cache = new Map();
      this.origins = new Set();
    });
  }

  addListener(listener: ClientLifecycleListener): void {
    this.listeners.push(listener);
  }

  /** Ends everything that was issued to this client: notifies the listeners in the same unit of work. */
  async end(unit: Unit, id: string, now: EpochSeconds): Promise<void> {
    await this.raiseCredentialsVersion(unit, id);
    for (const listener of this.listeners) await listener.clientEnded(unit, id, now);
  }

  /** Records that a user or the client itself used it. */
  noteUse(id: string, now: EpochSeconds): void {
    const before = this.lastRecorded.get(id);
    if (before !== undefined && now < before + useSeconds) return;
    if (this.lastRecorded.size >= maxCached) this.lastRecorded.clear();
    this.lastRecorded.set(id, now);
    this.uses.note(id, now);
  }

  /** Writes pending uses before the store is closed. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.uses.flush();
  }

  /** A client by its `client_id`, from the cache. Misses are not cached, so that a new client works immediately. */
  async find(id: string): Promise<Client | undefined> {
    return (await this.load(id))?.client;
  }

  /** As {@link find}, with the version of its credentials. */
  findVersioned(id: string): Promise<VersionedClient | undefined> {
    return this.load(id);
  }

  /** Removes the client from the cache of this process. */
  evict(id: string): void {
    this.cache.delete(id);
  }

  /** Reads a client from the database, for pages that edit it. */
  async findFresh(id: string): Promise<Client | undefined> {
    if (!isClientId(id)) return undefined;
    const row = await this.clients.findOneBy({ id });
    return row ? toClient(row) : undefined;
  }

  /** Reads a client and locks its row until the unit of work ends. */
  async lock(unit: Unit, id: string): Promise<Client | undefined> {
    await unit.one(clientStatements.lock, id);
    const row = await unit.manager.getRepository(ClientEntity).findOneBy({ id });
    return row ? toClient(row) : undefined;
  }

  /** As {@link lock}, with a shared lock, and as endpoints see the client. Bypasses the cache, which may be outdated. */
  async lockShared(unit: Unit, id: string): Promise<Client | undefined> {
    await this.hold(unit, id);
    return this.findIn(unit, id);
  }

  /** Takes a shared lock on the client's row until the unit of work ends. */
  async hold(unit: Unit, id: string): Promise<void> {
    await unit.one(clientStatements.lockShared, id);
  }

  /** Reads the client in this unit of work, as endpoints see it. */
  async findIn(unit: Unit, id: string): Promise<Client | undefined> {
    const row = await unit.manager.getRepository(ClientEntity).findOneBy({ id });
    return row ? this.rules.effective(toClient(row)) : undefined;
  }

  /** Reads those of these clients that exist in this unit of work. */
  async findAll(unit: Unit, ids: readonly string[]): Promise<Client[]> {
    if (ids.length === 0) return [];
    return (await unit.manager.getRepository(ClientEntity).findBy({ id: In([...ids]) })).map(toClient);
  }

  /** True when the secret is one of the client's valid ones. */
  async verifySecret(clientId: string, secret: string, now: EpochSeconds): Promise<boolean> {
    const hash = sha256(secret);
    return this.testWithReload(clientId, (secrets) => matchesSecret(secrets, hash, now));
  }

  /** True when one of the client's valid secrets passes the test; only secrets that are stored encrypted are tested. */
  async testSecrets(clientId: string, now: EpochSeconds, passes: (secret: string) => boolean): Promise<boolean> {
    return this.testWithReload(clientId, (secrets) => this.decryptValid(secrets, now).some(passes));
  }

  /** The client's valid secrets, newest first, if its metadata requires the secret itself (`secretNeed`); otherwise none. */
  async knownSecrets(clientId: string, now: EpochSeconds): Promise<string[]> {
    return this.decryptValid((await this.load(clientId))?.secrets ?? [], now);
  }

  async list(query: ClientListQuery): Promise<{
    clients: Client[];
    /** When clients that were used were used last, by id. */
    lastUses: ReadonlyMap<string, EpochSeconds>;
    next: Cursor | undefined;
  }> {
    const { column, direction } = clientOrderings[query.order ?? 'name'];
    const select = this.clients
      .createQueryBuilder('client')
      .orderBy(column, direction)
      .addOrderBy('client.id', direction)
      .take(query.limit + 1);
    if (query.ownerId !== undefined) select.andWhere('client.ownerId = :owner', { owner: query.ownerId });
    if (query.state) select.andWhere(`(${clientStateConditions[query.state]})`);
    if (query.search)
      select.andWhere(`(LOWER(client.name) LIKE :pattern ESCAPE '\\' OR client.id = :exact)`, {
        pattern: likePattern(query.search.toLowerCase()),
        exact: query.search,
      });
    if (query.name !== undefined) select.andWhere('LOWER(client.name) = LOWER(:name)', { name: query.name });
    if (query.after)
      select.andWhere(`(${column}, client.id) ${direction === 'ASC' ? '>' : '<'} (:value, :id)`, {
        value: query.after[0],
        id: query.after[1],
      });
    const rows = await select.getMany();
    const page = rows.slice(0, query.limit);
    const last = rows.length > query.limit ? page.at(-1) : undefined;
    return {
      clients: page.map(toClient),
      lastUses: new Map(page.flatMap(lastUseOf)),
      next: last && [query.order === 'newest' ? last.createdAt : last.name, last.id],
    };
  }

  /** The first approved clients, by name, that are registered for a grant type. */
  async listWithGrant(grantType: string, limit: number): Promise<readonly Client[]> {
    const rows = await this.clients
      .createQueryBuilder('client')
      .where(clientStateConditions.approved)
      .andWhere(`client.grantTypes LIKE :pattern ESCAPE '\\'`, {
        pattern: likePattern(JSON.stringify(grantType)),
      })
      .orderBy('client.name')
      .take(limit)
      .getMany();
    return rows.map(toClient);
  }

  /** The names of clients, by id. */
  async names(ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const names = new Map<string, string>();
    for (const id of new Set(ids)) {
      const client = await this.find(id);
      if (client) names.set(id, client.name);
    }
    return names;
  }

  /** The currently valid secrets without their values, for the client's page. */
  async listSecrets(
    clientId: string,
    now: EpochSeconds,
  ): Promise<{ createdAt: EpochSeconds; expiresAt: EpochSeconds | undefined }[]> {
    const secrets = await this.secrets.read(clientId);
    return secrets.filter((secret) => isValidSecret(secret, now));
  }

  /**
   * Adds a checked client.
   * @returns its secret if it needs one; it cannot be retrieved later
   */
  async add(unit: Unit, client: Client, now: EpochSeconds): Promise<string | undefined> {
    await unit.manager.getRepository(ClientEntity).insert({
      ...toRow(client),
      createdAt: now,
      updatedAt: now,
      lastUsedAt: isDynamicallyRegistered(client.source) ? now : null,
      registeredAddress: null,
      registeredWith: null,
      registrationTokenHash: null,
      credentialsVersion: 0,
    });
    await this.writeOrigins(unit, client);
    // No cache to invalidate: misses are not cached.
    return this.secrets.reconcile(unit, client.id, secretNeed(client), now);
  }

  /**
   * Stores a changed client that was checked.
   * @param before from {@link lock}
   * @returns a new secret if the client now needs one, or needs the secret itself where only a hash is stored
   */
  async replace(unit: Unit, before: Client, client: Client, now: EpochSeconds): Promise<string | undefined> {
    const { id } = before;
    // Grants and tokens issued under other subjects or a weaker profile do not meet the new requirements.
    if (changesSubjects(before, client) || raisesProfile(before, client)) await this.end(unit, id, now);
    else if (endsCredentials(before, client)) await this.endOwnTokens(unit, id, now);
    await unit.manager.getRepository(ClientEntity).update({ id }, { ...toRow(client), updatedAt: now });
    await this.writeOrigins(unit, client);
    const secret = await this.secrets.reconcile(unit, id, secretNeed(client), now);
    await this.versions.bump(unit, 'clients');
    return secret;
  }

  /** Notifies the listeners that the client's identity, which users consented to, changed. */
  async identityChanged(unit: Unit, id: string, now: EpochSeconds): Promise<void> {
    for (const listener of this.listeners) await listener.clientIdentityChanged?.(unit, id, now);
  }

  /** Revokes the client's own tokens: notifies the listeners in the same unit of work. */
  async endOwnTokens(unit: Unit, id: string, now: EpochSeconds): Promise<void> {
    await this.raiseCredentialsVersion(unit, id);
    for (const listener of this.listeners) await listener.ownTokensEnded?.(unit, id, now);
  }

  /** Notifies the listeners which administration scopes the client gained or lost. */
  async administrationChanged(unit: Unit, change: AdministrationChange, now: EpochSeconds): Promise<void> {
    for (const listener of this.listeners) await listener.administrationChanged?.(unit, change, now);
  }

  /** Reads the clients of an owner and locks their rows until the unit of work ends. */
  async lockOwnedBy(unit: Unit, ownerId: string): Promise<Client[]> {
    const rows = await unit.all<{ id: string }>(clientStatements.lockOwned, ownerId);
    return this.findAll(
      unit,
      rows.map(({ id }) => id),
    );
  }

  /**
   * Creates a new secret. The older ones expire after the overlap.
   * @param overlapSeconds 0 expires them now, and ends what the client got with them: they may have leaked
   * @param client from {@link lock}
   * @returns the new secret; undefined for a client that uses none
   */
  async rotateSecret(
    unit: Unit,
    client: Client,
    overlapSeconds: number,
    now: EpochSeconds,
  ): Promise<string | undefined> {
    const need = secretNeed(client);
    if (need === 'none') return undefined;
    const secret = await this.secrets.rotate(unit, client.id, need, overlapSeconds, now);
    if (overlapSeconds === 0) await this.endOwnTokens(unit, client.id, now);
    await this.versions.bump(unit, 'clients');
    return secret;
  }

  /** Deletes a client, and revokes its grants and tokens. */
  async remove(unit: Unit, id: string, now: EpochSeconds): Promise<void> {
    await this.end(unit, id, now);
    await unit.manager.getRepository(ClientEntity).delete({ id });
    await this.versions.bump(unit, 'clients');
  }

  async purgeExpired(unit: Unit, now: EpochSeconds): Promise<number> {
    return this.secrets.purgeExpired(unit, now);
  }

  /** True when any client has a redirect URI of this origin. */
  async isRegisteredOrigin(origin: string): Promise<boolean> {
    if (this.origins.has(origin)) return true;
    if (origin.length > 300 || (await this.store.one(clientStatements.findOrigin, origin)) === undefined) return false;
    if (this.origins.size >= maxCached) this.origins.clear();
    this.origins.add(origin);
    return true;
  }

  /** Locks the row first: tokens are stored under a shared lock on it, so either before or after the increment. */
  private async raiseCredentialsVersion(unit: Unit, id: string): Promise<void> {
    await unit.one(clientStatements.lock, id);
    await unit.change(clientStatements.raiseCredentialsVersion, id);
  }

  private async writeOrigins(unit: Unit, client: Client): Promise<void> {
    const repository = unit.manager.getRepository(ClientOriginEntity);
    await repository.delete({ clientId: client.id });
    const origins = webOriginsOf(client);
    if (origins.length > 0) await repository.insert(origins.map((origin) => ({ origin, clientId: client.id })));
  }

  private decryptValid(secrets: readonly StoredSecret[], now: EpochSeconds): string[] {
    return secrets.flatMap((secret) => {
      const { sealed } = secret;
      return sealed !== undefined && isValidSecret(secret, now) ? [this.secrets.open({ ...secret, sealed })] : [];
    });
  }

  /** Reads the secrets from the database if no cached one passes: another process may just have created one. */
  private async testWithReload(
    clientId: string,
    passes: (secrets: readonly StoredSecret[]) => boolean,
  ): Promise<boolean> {
    const cached = await this.load(clientId);
    if (cached && passes(cached.secrets)) return true;
    this.evict(clientId);
    const reloaded = await this.load(clientId);
    return reloaded !== undefined && passes(reloaded.secrets);
  }

  private async load(id: string): Promise<CachedClient | undefined> {
    const hit = this.cache.get(id);
    if (hit) return hit;
    if (!isClientId(id)) return undefined;
    const generation = this.cache;
    const row = await this.clients.findOneBy({ id });
    if (!row) return undefined;
    const loaded: CachedClient = {
      client: this.rules.effective(toClient(row)),
      // Read before the secrets: a secret may be newer than this version and is then rejected, but never older.
      credentialsVersion: row.credentialsVersion,
      secrets: await this.secrets.read(id),
    };
    if (generation.size >= maxCached) generation.delete(generation.keys().next().value ?? id);
    // Into the map that was current when the row was read, so that a later invalidation is not undone.
    generation.set(id, loaded);
    return loaded;
  }
}
