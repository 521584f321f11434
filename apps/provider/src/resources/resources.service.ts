import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { epochSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';
import { checkResource, OAuthError, type Resource, type ResourceDraft, type Scope } from '@gatehouse/domain/oauth';
import { statement, type Unit } from '@gatehouse/platform/database/store';
import { newId } from '@gatehouse/platform/secrets/random';
import { Repository } from 'typeorm';
import { CacheVersions } from '../database/cache-versions.service.js';
import { text } from '../i18n/message.js';
import type { FieldProblem } from '../web/form-errors.js';
import { ResourceEntity } from './resource.entity.js';

/** Locks the row until the unit of work ends, so that the checked state is the one that is changed. */
const lock = statement('resources.lock', 'SELECT id FROM resources WHERE id = $1 FOR UPDATE', {
  sqlite: 'SELECT id FROM resources WHERE id = $1',
});

/** Administrators create APIs, so there are few: all are read at once and cached. */
const maxResources = 1000;

interface CachedResources {
  readonly all: readonly Resource[];
  readonly byIdentifier: ReadonlyMap<string, Resource>;
  readonly byClient: ReadonlyMap<string, Resource>;
}

/** Owns APIs and their scopes. They are cached; the cache is cleared within a second of a change. */
@Injectable()
export class ResourcesService implements OnModuleInit {
  private cached: Promise<CachedResources> | undefined;

  constructor(
    @InjectRepository(ResourceEntity) private readonly resources: Repository<ResourceEntity>,
    @Inject(CacheVersions) private readonly versions: CacheVersions,
  ) {}

  onModuleInit(): void {
    this.versions.onChange('resources', () => {
      this.cached = undefined;
    });
  }

  /** A cache miss reads the database, so that a new API works on every process immediately. */
  async find(identifier: string): Promise<Resource | undefined> {
    const hit = (await this.load()).byIdentifier.get(identifier);
    if (hit) return hit;
    const row = await this.resources.findOneBy({ identifier });
    return row ? toResource(row) : undefined;
  }

  /**
   * The APIs with these identifiers, in the same order.
   * @throws OAuthError invalid_target if one does not exist (RFC 8707 2)
   */
  async getAll(identifiers: readonly string[]): Promise<readonly Resource[]> {
    const found: Resource[] = [];
    for (const identifier of identifiers) {
      const resource = await this.find(identifier);
      if (!resource)
        throw new OAuthError('invalid_target', 'There is no such resource.', { reason: 'resource.unknown' });
      found.push(resource);
    }
    return found;
  }

  /** The API that uses this client's credentials for introspection; a cache miss reads the database. */
  async findByClient(clientId: string): Promise<Resource | undefined> {
    const hit = (await this.load()).byClient.get(clientId);
    if (hit) return hit;
    const row = await this.resources.findOneBy({ clientId });
    return row ? toResource(row) : undefined;
  }

  /** The scopes that each of these APIs defines, by identifier; undefined if no identifier is given. */
  async definedScopes(identifiers: readonly string[] | undefined): Promise<ReadonlyMap<string, Scope> | undefined> {
    if (!identifiers || identifiers.length === 0) return undefined;
    const defined = new Map<string, Scope>();
    for (const identifier of identifiers) {
      const resource = await this.find(identifier);
      defined.set(identifier, resource?.scopes.map(({ name }) => name) ?? []);
    }
    return defined;
  }

  /** Every API, by name. */
  async all(): Promise<readonly Resource[]> {
    return (await this.load()).all;
  }

  /** Reads an API from the database, for pages that edit it. */
  async findFresh(id: string): Promise<Resource | undefined> {
    const row = await this.resources.findOneBy({ id });
    return row ? toResource(row) : undefined;
  }

  /** @returns the API, or the problems; an identifier that exists already is a problem of its field */
  async create(
    unit: Unit,
    draft: ResourceDraft,
    now: EpochSeconds,
  ): Promise<{ resource: Resource } | { problems: readonly FieldProblem[] }> {
    const checked = checkResource({ ...draft, id: newId(), createdAt: now, clientId: undefined });
    if ('problems' in checked) return checked;
    const repository = unit.manager.getRepository(ResourceEntity);
    if ((await repository.count()) >= maxResources)
      return { problems: [{ field: 'identifier', message: text('problem.resource.full', { most: maxResources }) }] };
    if (await repository.existsBy({ identifier: checked.resource.identifier })) return taken;
    await repository.insert({ ...toRow(checked.resource), createdAt: now, updatedAt: now });
    await this.versions.bump(unit, 'resources');
    return checked;
  }

  /** Reads an API and locks its row until the unit of work ends. */
  async lockAndRead(unit: Unit, id: string): Promise<Resource | undefined> {
    if (id.length > 200) return undefined;
    await unit.one(lock, id);
    const row = await unit.manager.getRepository(ResourceEntity).findOneBy({ id });
    return row ? toResource(row) : undefined;
  }

  /** @param before from {@link lockAndRead} */
  async update(
    unit: Unit,
    before: Resource,
    draft: ResourceDraft,
    now: EpochSeconds,
  ): Promise<{ resource: Resource } | { problems: readonly FieldProblem[] }> {
    const { id, createdAt, clientId } = before;
    const repository = unit.manager.getRepository(ResourceEntity);
    const checked = checkResource({ ...draft, id, createdAt, clientId });
    if ('problems' in checked) return checked;
    const other = await repository.findOneBy({ identifier: checked.resource.identifier });
    if (other && other.id !== id) return taken;
    await repository.update({ id }, { ...toRow(checked.resource), updatedAt: now });
    await this.versions.bump(unit, 'resources');
    return checked;
  }

  /** Sets the client whose credentials the API uses for introspection. */
  async bindClient(unit: Unit, id: string, clientId: string): Promise<void> {
    await unit.manager.getRepository(ResourceEntity).update({ id }, { clientId });
    await this.versions.bump(unit, 'resources');
  }

  async remove(unit: Unit, id: string): Promise<void> {
    await unit.manager.getRepository(ResourceEntity).delete({ id });
    await this.versions.bump(unit, 'resources');
  }

  private load(): Promise<CachedResources> {
    return (this.cached ??= this.read().catch((error: unknown) => {
      this.cached = undefined;
      throw error;
    }));
  }

  private async read(): Promise<CachedResources> {
    const rows = await this.resources.find({ order: { name: 'ASC', id: 'ASC' }, take: maxResources });
    const all = rows.map(toResource);
    return {
      all,
      byIdentifier: new Map(all.map((resource) => [resource.identifier, resource])),
      byClient: new Map(
        all.flatMap((resource) => (resource.clientId === undefined ? [] : [[resource.clientId, resource] as const])),
      ),
    };
  }
}

const taken = { problems: [{ field: 'identifier', message: text('problem.resource.taken') }] };

function toResource(row: ResourceEntity): Resource {
  return {
    id: row.id,
    identifier: row.identifier,
    name: row.name,
    scopes: row.scopes,
    tokenFormat: row.tokenFormat as Resource['tokenFormat'],
    signingAlgorithm: row.signingAlgorithm as Resource['signingAlgorithm'],
    accessTokenLifetimeSeconds: row.accessTokenLifetime ?? undefined,
    access: row.access as Resource['access'],
    clientId: row.clientId ?? undefined,
    createdAt: epochSeconds(row.createdAt),
  };
}

function toRow(resource: Resource): Omit<ResourceEntity, 'createdAt' | 'updatedAt'> {
  return {
    id: resource.id,
    identifier: resource.identifier,
    name: resource.name,
    scopes: resource.scopes.map((scope) => ({ ...scope })),
    tokenFormat: resource.tokenFormat,
    signingAlgorithm: resource.signingAlgorithm,
    accessTokenLifetime: resource.accessTokenLifetimeSeconds ?? null,
    access: resource.access,
    clientId: resource.clientId ?? null,
  };
}
