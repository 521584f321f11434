import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { epochSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';
import {
  checkResource,
  OAuthError,
  type FieldProblem,
  type Resource,
  type ResourceDraft,
  type Scope,
} from '@gatehouse/domain/oauth';
import { statement, type Unit } from '@gatehouse/platform/database/store';
import { newId } from '@gatehouse/platform/secrets/random';
import { Repository } from 'typeorm';
import { CacheVersions } from '../database/cache-versions.service.js';
import { ResourceEntity } from './resource.entity.js';

/** Held until the unit ends, so that what is looked at is what is changed. */
const lock = statement('resources.lock', 'SELECT id FROM resources WHERE id = $1 FOR UPDATE', {
  sqlite: 'SELECT id FROM resources WHERE id = $1',
});

/** APIs are made by administrators: so many are all read at once, and kept in the process. */
const maxResources = 1000;

interface Known {
  readonly all: readonly Resource[];
  readonly byIdentifier: ReadonlyMap<string, Resource>;
  readonly byClient: ReadonlyMap<string, Resource>;
}

/** Owns APIs and their scopes. What every request reads is kept in the process and dropped within a second of a change. */
@Injectable()
export class ResourcesService implements OnModuleInit {
  private cached: Promise<Known> | undefined;

  constructor(
    @InjectRepository(ResourceEntity) private readonly resources: Repository<ResourceEntity>,
    @Inject(CacheVersions) private readonly versions: CacheVersions,
  ) {}

  onModuleInit(): void {
    this.versions.onChange('resources', () => {
      this.cached = undefined;
    });
  }

  /** A miss is looked up once more, afresh: an API made a moment ago works on every process. */
  async find(identifier: string): Promise<Resource | undefined> {
    const hit = (await this.load()).byIdentifier.get(identifier);
    if (hit) return hit;
    const row = await this.resources.findOneBy({ identifier });
    return row ? toResource(row) : undefined;
  }

  /**
   * The APIs of these identifiers, in their order.
   * @throws OAuthError invalid_target for one that does not exist (RFC 8707 2)
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

  /** The API that asks about tokens by this client's credentials; a miss is looked up once more, afresh. */
  async findByClient(clientId: string): Promise<Resource | undefined> {
    const hit = (await this.load()).byClient.get(clientId);
    if (hit) return hit;
    const row = await this.resources.findOneBy({ clientId });
    return row ? toResource(row) : undefined;
  }

  /** Every API, by name. */
  /** The scopes that each of these APIs defines, by its identifier; undefined where none is named. */
  async definedScopes(identifiers: readonly string[] | undefined): Promise<ReadonlyMap<string, Scope> | undefined> {
    if (!identifiers || identifiers.length === 0) return undefined;
    const defined = new Map<string, Scope>();
    for (const identifier of identifiers) {
      const resource = await this.find(identifier);
      defined.set(identifier, resource?.scopes.map(({ name }) => name) ?? []);
    }
    return defined;
  }

  async all(): Promise<readonly Resource[]> {
    return (await this.load()).all;
  }

  /** An API as the database has it now: for pages that edit it. */
  async findFresh(id: string): Promise<Resource | undefined> {
    const row = await this.resources.findOneBy({ id });
    return row ? toResource(row) : undefined;
  }

  /** @returns the API, or what is wrong; an identifier that exists already is a problem of its field */
  async create(
    unit: Unit,
    draft: ResourceDraft,
    now: EpochSeconds,
  ): Promise<{ resource: Resource } | { problems: readonly FieldProblem[] }> {
    const checked = checkResource({ ...draft, id: newId(), createdAt: now, clientId: undefined });
    if ('problems' in checked) return checked;
    const repository = unit.manager.getRepository(ResourceEntity);
    if ((await repository.count()) >= maxResources)
      return { problems: [{ field: 'identifier', message: `There are ${maxResources} APIs: no more fit.` }] };
    if (await repository.existsBy({ identifier: checked.resource.identifier })) return taken;
    await repository.insert({ ...toRow(checked.resource), createdAt: now, updatedAt: now });
    await this.versions.bump(unit, 'resources');
    return checked;
  }

  /** The API as this unit sees it; its row is held until the unit ends. */
  async lockAndRead(unit: Unit, id: string): Promise<Resource | undefined> {
    if (id.length > 200) return undefined;
    await unit.one(lock, id);
    const row = await unit.manager.getRepository(ResourceEntity).findOneBy({ id });
    return row ? toResource(row) : undefined;
  }

  /** @param before as {@link lockAndRead} gave it */
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

  /** Says by which client's credentials the API asks about tokens. */
  async bindClient(unit: Unit, id: string, clientId: string): Promise<void> {
    await unit.manager.getRepository(ResourceEntity).update({ id }, { clientId });
    await this.versions.bump(unit, 'resources');
  }

  async remove(unit: Unit, id: string): Promise<void> {
    await unit.manager.getRepository(ResourceEntity).delete({ id });
    await this.versions.bump(unit, 'resources');
  }

  private load(): Promise<Known> {
    return (this.cached ??= this.read().catch((error: unknown) => {
      this.cached = undefined;
      throw error;
    }));
  }

  private async read(): Promise<Known> {
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

const taken = { problems: [{ field: 'identifier', message: 'There is an API with this identifier already.' }] };

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
