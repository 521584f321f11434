import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { Store, statement, type Unit } from '@gatehouse/platform/database/store';
import { CacheVersions } from '../database/cache-versions.service.js';

const roleStatements = {
  all: statement('role_requirements.all', 'SELECT role FROM role_requirements WHERE second_factor = 1'),
  set: statement(
    'role_requirements.set',
    `INSERT INTO role_requirements (role, second_factor, updated_at) VALUES ($1, $2, $3)
     ON CONFLICT (role) DO UPDATE SET second_factor = $2, updated_at = $3`,
  ),
};

/** Owns what administrators demand of roles. Every page asks: it is kept in the process and dropped within a second of a change. */
@Injectable()
export class RoleRequirements implements OnModuleInit {
  private demanding: Promise<ReadonlySet<string>> | undefined;

  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(CacheVersions) private readonly versions: CacheVersions,
  ) {}

  onModuleInit(): void {
    this.versions.onChange('roles', () => (this.demanding = undefined));
  }

  /** True when one of these roles needs a second factor. */
  async requireSecondFactor(roles: readonly string[]): Promise<boolean> {
    const demanding = await this.load();
    return demanding.size > 0 && roles.some((role) => demanding.has(role));
  }

  /** The roles that need a second factor. */
  load(): Promise<ReadonlySet<string>> {
    if (this.demanding) return this.demanding;
    const loading = this.read();
    this.demanding = loading;
    // A database that was away for a moment must not be remembered.
    loading.catch(() => {
      if (this.demanding === loading) this.demanding = undefined;
    });
    return loading;
  }

  /** The roles that need a second factor, as this unit sees them. */
  async readIn(unit: Unit): Promise<ReadonlySet<string>> {
    const rows = await unit.all<{ role: string }>(roleStatements.all);
    return new Set(rows.map(({ role }) => role));
  }

  async set(unit: Unit, role: string, secondFactor: 0 | 1, now: EpochSeconds): Promise<void> {
    await unit.change(roleStatements.set, role, secondFactor, now);
    await this.versions.bump(unit, 'roles');
  }

  /** This process sees its own change at once. */
  forget(): void {
    this.demanding = undefined;
  }

  private async read(): Promise<ReadonlySet<string>> {
    const rows = await this.store.all<{ role: string }>(roleStatements.all);
    return new Set(rows.map(({ role }) => role));
  }
}
