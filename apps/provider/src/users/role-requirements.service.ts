import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { Store, statement, type Unit } from '@gatehouse/platform/database/store';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { CacheVersions } from '../database/cache-versions.service.js';

const roleStatements = {
  all: statement('role_requirements.all', 'SELECT role FROM role_requirements WHERE second_factor = 1'),
  set: statement(
    'role_requirements.set',
    `INSERT INTO role_requirements (role, second_factor, updated_at) VALUES ($1, $2, $3)
     ON CONFLICT (role) DO UPDATE SET second_factor = $2, updated_at = $3`,
  ),
};

/**
 * Owns the requirements of roles: those of GATEHOUSE_SECOND_FACTOR_ROLES, and those that administrators add. Every page reads
 * them, so they are cached in the process and invalidated within a second of a change.
 */
@Injectable()
export class RoleRequirements implements OnModuleInit {
  private requiringRoles: Promise<ReadonlySet<string>> | undefined;

  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(CacheVersions) private readonly versions: CacheVersions,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  onModuleInit(): void {
    this.versions.onChange('roles', () => (this.requiringRoles = undefined));
  }

  /** True if one of these roles requires a second factor. */
  async requireSecondFactor(roles: readonly string[]): Promise<boolean> {
    const requiringRoles = await this.load();
    return requiringRoles.size > 0 && roles.some((role) => requiringRoles.has(role));
  }

  /** The roles that require a second factor. */
  load(): Promise<ReadonlySet<string>> {
    if (this.requiringRoles) return this.requiringRoles;
    const loading = this.read();
    this.requiringRoles = loading;
    // A temporary database failure must not be cached.
    loading.catch(() => {
      if (this.requiringRoles === loading) this.requiringRoles = undefined;
    });
    return loading;
  }

  /** The roles for which the environment requires a second factor; administrators cannot remove this requirement. */
  get fixed(): readonly string[] {
    return this.settings.secondFactorRoles;
  }

  /** The roles for which administrators require a second factor, read in this unit of work. */
  async readIn(unit: Unit): Promise<ReadonlySet<string>> {
    const rows = await unit.all<{ role: string }>(roleStatements.all);
    return new Set(rows.map(({ role }) => role));
  }

  async set(unit: Unit, role: string, secondFactor: 0 | 1, now: EpochSeconds): Promise<void> {
    await unit.change(roleStatements.set, role, secondFactor, now);
    await this.versions.bump(unit, 'roles');
  }

  /** The roles for which administrators require a second factor, not cached. */
  async added(): Promise<readonly string[]> {
    const rows = await this.store.all<{ role: string }>(roleStatements.all);
    return rows.map(({ role }) => role);
  }

  /** Clears the cache, so that this process sees its own change immediately. */
  forget(): void {
    this.requiringRoles = undefined;
  }

  private async read(): Promise<ReadonlySet<string>> {
    return new Set([...this.fixed, ...(await this.added())]);
  }
}
