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
import {
  clientOrderings,
  clientStateConditions,
  type ClientSortOrder,
  type ClientState,
} from './client-sort-orders.js';
import { ClientOriginEntity } from './client-origin.entity.js';
import { ClientEntity } from './client.entity.js';
import { clientStatements } from './client.statements.js';
import { ClientRules } from './client-rules.service.js';
import { isClientId, toClient, toRow, webOriginsOf } from './client-row.js';
import { ClientSecrets, isValidSecret, matchesSecret, type StoredSecret } from './client-secrets.service.js';

/** Called in the same unit as the change. */
export interface ClientLifecycleListener {
  /** A client is removed, switched off or limited. */
  clientEnded(unit: Unit, clientId: string, now: EpochSeconds): Promise<void>;
  /** A client has another name, logo, website, sector or redirect host, and no administrator stands for the change. */
  clientIdentityChanged?(unit: Unit, clientId: string, now: EpochSeconds): Promise<void>;
  /** The client's own tokens end, because it lost the right to them or has another owner. Consents and grants of users remain. */
  ownTokensEnded?(unit: Unit, clientId: string, now: EpochSeconds): Promise<void>;
  /** A client got or lost these scopes of the administration: grants that have one of them end. */
  administrationChanged?(unit: Unit, change: AdministrationChange, now: EpochSeconds): Promise<void>;
}

export interface AdministrationChange {
  readonly clientId: string;
  readonly scopes: readonly string[];
}

/** A client, and the version of its credentials that it is read with (see {@link ClientEntity.credentialsVersion}). */
export interface VersionedClient {
  readonly client: Client;
  readonly credentialsVersion: number;
}

interface Cached extends VersionedClient {
  readonly secrets: readonly StoredSecret[];
}

/** How many clients a process keeps at hand; past it the oldest loaded goes. */
const maxCached = 10_000;
/** The last use of a client is noted to the minute. */
const useSeconds = 60;

/** Owns clients. What every request reads is kept in the process and dropped within a second of a change. */
@Injectable()
export class ClientsService implements OnModuleInit, BeforeApplicationShutdown {
  private readonly listeners: ClientLifecycleListener[] = [];
  private cache = new Map<string, Cached>();
  private origins = new Set<string>();
  private noted = new Map<string, EpochSeconds>();
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

  addListener(follower: ClientLifecycleListener): void {
    this.listeners.push(follower);
  }

  /** Tells, in the unit of what was done, that nothing of this client goes on. */
  async end(unit: Unit, id: string, now: EpochSeconds): Promise<void> {
    await this.raiseCredentialsVersion(unit, id);
    for (const follower of this.listeners) await follower.clientEnded(unit, id, now);
  }

  /** Notes that a person or the client itself used it. */
  noteUse(id: string, now: EpochSeconds): void {
    const before = this.noted.get(id);
    if (before !== undefined && now < before + useSeconds) return;
    if (this.noted.size >= maxCached) this.noted.clear();
    this.noted.set(id, now);
    this.uses.note(id, now);
  }

  /** What was noted is written before the store is closed. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.uses.flush();
  }

  /** A client by its `client_id`, from the cache. A miss is never cached: a client made a moment ago works. */
  async find(id: string): Promise<Client | undefined> {
    return (await this.load(id))?.client;
  }

  /** The same with the version of its credentials. */
  findVersioned(id: string): Promise<VersionedClient | undefined> {
    return this.load(id);
  }

  /** The next look-up of this client reads the database. */
  forget(id: string): void {
    this.cache.delete(id);
  }

  /** A client as the database has it now: for pages that edit it. */
  async findFresh(id: string): Promise<Client | undefined> {
    if (!isClientId(id)) return undefined;
    const row = await this.clients.findOneBy({ id });
    return row ? toClient(row) : undefined;
  }

  /** The client as it is now; it stays so until the unit ends. */
  async lock(unit: Unit, id: string): Promise<Client | undefined> {
    await unit.one(clientStatements.lock, id);
    const row = await unit.manager.getRepository(ClientEntity).findOneBy({ id });
    return row ? toClient(row) : undefined;
  }

  /** The same for units that do not change the client, as endpoints see it: past the cache, which may be outdated. */
  async lockShared(unit: Unit, id: string): Promise<Client | undefined> {
    await this.hold(unit, id);
    return this.findIn(unit, id);
  }

  /** Keeps the client as it is until the unit ends; many units may do so at once. */
  async hold(unit: Unit, id: string): Promise<void> {
    await unit.one(clientStatements.lockShared, id);
  }

  /** The client as this unit sees it, and as endpoints do. */
  async findIn(unit: Unit, id: string): Promise<Client | undefined> {
    const row = await unit.manager.getRepository(ClientEntity).findOneBy({ id });
    return row ? this.rules.effective(toClient(row)) : undefined;
  }

  /** Those of these clients that exist, as this unit sees them. */
  async findAll(unit: Unit, ids: readonly string[]): Promise<Client[]> {
    if (ids.length === 0) return [];
    return (await unit.manager.getRepository(ClientEntity).findBy({ id: In([...ids]) })).map(toClient);
  }

  /** True when the secret is one of the client's valid ones. */
  async verifySecret(clientId: string, secret: string, now: EpochSeconds): Promise<boolean> {
    const hash = sha256(secret);
    return this.rereadUnless(clientId, (secrets) => matchesSecret(secrets, hash, now));
  }

  /** True when one of the client's valid secrets that we know passes the test. */
  async testSecrets(clientId: string, now: EpochSeconds, passes: (secret: string) => boolean): Promise<boolean> {
    return this.rereadUnless(clientId, (secrets) => this.known(secrets, now).some(passes));
  }

  /** The client's valid secrets that we know, the newest first; none unless its metadata need them (`secretNeed`). */
  async knownSecrets(clientId: string, now: EpochSeconds): Promise<string[]> {
    return this.known((await this.load(clientId))?.secrets ?? [], now);
  }

  /** One page of clients in the order of their names. `after`: name and id of the last of the page before. */
  async list(query: {
    ownerId?: string | undefined;
    search?: string | undefined;
    state?: ClientState | undefined;
    /** By name where it is left out. */
    order?: ClientSortOrder | undefined;
    after?: Cursor | undefined;
    limit: number;
  }): Promise<{ clients: Client[]; next: Cursor | undefined }> {
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
        pattern: `%${query.search.toLowerCase().replace(/[\\%_]/g, (character) => `\\${character}`)}%`,
        exact: query.search,
      });
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
      next: last && [query.order === 'newest' ? last.createdAt : last.name, last.id],
    };
  }

  /** Names by id, for lists that name clients. */
  async names(ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const names = new Map<string, string>();
    for (const id of new Set(ids)) {
      const client = await this.find(id);
      if (client) names.set(id, client.name);
    }
    return names;
  }

  /** Secrets that are valid now, without their values: for the client's page. */
  async listSecrets(
    clientId: string,
    now: EpochSeconds,
  ): Promise<{ createdAt: EpochSeconds; expiresAt: EpochSeconds | undefined }[]> {
    const secrets = await this.secrets.read(clientId);
    return secrets.filter((secret) => isValidSecret(secret, now));
  }

  /**
   * Adds a client that was checked.
   * @returns the secret of one that needs one, here and nowhere else ever again
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
    // No process has it in its cache: a miss is never kept.
    return this.secrets.reconcile(unit, client.id, secretNeed(client), now);
  }

  /**
   * Replaces a client by what it is after a change, which was checked.
   * @param before as {@link lock} gave it
   * @returns a new secret, where the client needs one from now on, or the secret itself where a hash was enough
   */
  async replace(unit: Unit, before: Client, client: Client, now: EpochSeconds): Promise<string | undefined> {
    const { id } = before;
    // What was given under other subjects, or a laxer profile, is not held to the new ones.
    if (changesSubjects(before, client) || raisesProfile(before, client)) await this.end(unit, id, now);
    else if (endsCredentials(before, client)) await this.raiseCredentialsVersion(unit, id);
    await unit.manager.getRepository(ClientEntity).update({ id }, { ...toRow(client), updatedAt: now });
    await this.writeOrigins(unit, client);
    const secret = await this.secrets.reconcile(unit, id, secretNeed(client), now);
    await this.versions.bump(unit, 'clients');
    return secret;
  }

  /** Tells, in the unit of the change, that people would judge the client otherwise now. */
  async identityChanged(unit: Unit, id: string, now: EpochSeconds): Promise<void> {
    for (const follower of this.listeners) await follower.clientIdentityChanged?.(unit, id, now);
  }

  /** Notifies the listeners, in the unit of the change, that the client's own tokens end. */
  async endOwnTokens(unit: Unit, id: string, now: EpochSeconds): Promise<void> {
    await this.raiseCredentialsVersion(unit, id);
    for (const follower of this.listeners) await follower.ownTokensEnded?.(unit, id, now);
  }

  /** Tells, in the unit of the change, which scopes of the administration the client got or lost. */
  async administrationChanged(unit: Unit, change: AdministrationChange, now: EpochSeconds): Promise<void> {
    for (const follower of this.listeners) await follower.administrationChanged?.(unit, change, now);
  }

  /** The clients of an owner; they stay so until the unit ends. */
  async lockOwnedBy(unit: Unit, ownerId: string): Promise<Client[]> {
    const rows = await unit.all<{ id: string }>(clientStatements.lockOwned, ownerId);
    return this.findAll(
      unit,
      rows.map(({ id }) => id),
    );
  }

  /**
   * Makes a new secret. The older ones stay valid for the overlap and then end.
   * @param overlapSeconds 0 ends them now
   * @param client as {@link lock} gave it
   * @returns the new secret, or undefined for a client without one
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
    if (overlapSeconds === 0) await this.raiseCredentialsVersion(unit, client.id);
    await this.versions.bump(unit, 'clients');
    return secret;
  }

  /** Deletes a client, and ends what it got. */
  async remove(unit: Unit, id: string, now: EpochSeconds): Promise<void> {
    await this.end(unit, id, now);
    await unit.manager.getRepository(ClientEntity).delete({ id });
    await this.versions.bump(unit, 'clients');
  }

  async purgeExpired(unit: Unit, now: EpochSeconds): Promise<number> {
    return this.secrets.purgeExpired(unit, now);
  }

  /** True when a redirect URI of any client lies at this origin. */
  async isRegisteredOrigin(origin: string): Promise<boolean> {
    if (this.origins.has(origin)) return true;
    if (origin.length > 300 || (await this.store.one(clientStatements.findOrigin, origin)) === undefined) return false;
    if (this.origins.size >= maxCached) this.origins.clear();
    this.origins.add(origin);
    return true;
  }

  /** The row is locked first: tokens are stored under a share of that lock, before this or after it. */
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

  private known(secrets: readonly StoredSecret[], now: EpochSeconds): string[] {
    return secrets.flatMap((secret) => {
      const { sealed } = secret;
      return sealed !== undefined && isValidSecret(secret, now) ? [this.secrets.open({ ...secret, sealed })] : [];
    });
  }

  /** Secrets that do not pass are read once more, afresh: one that another process made a moment ago works. */
  private async rereadUnless(
    clientId: string,
    passes: (secrets: readonly StoredSecret[]) => boolean,
  ): Promise<boolean> {
    const cached = await this.load(clientId);
    if (cached && passes(cached.secrets)) return true;
    this.forget(clientId);
    const fresh = await this.load(clientId);
    return fresh !== undefined && passes(fresh.secrets);
  }

  private async load(id: string): Promise<Cached | undefined> {
    const hit = this.cache.get(id);
    if (hit) return hit;
    if (!isClientId(id)) return undefined;
    const generation = this.cache;
    const row = await this.clients.findOneBy({ id });
    if (!row) return undefined;
    const loaded: Cached = {
      client: this.rules.effective(toClient(row)),
      // Of the row, which is read before the secrets: a secret that is newer than its version is refused, never the reverse.
      credentialsVersion: row.credentialsVersion,
      secrets: await this.secrets.read(id),
    };
    if (generation.size >= maxCached) generation.delete(generation.keys().next().value ?? id);
    // Into the map that was current when the row was read: an invalidation since then must not be undone.
    generation.set(id, loaded);
    return loaded;
  }
}
