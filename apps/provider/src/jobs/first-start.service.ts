import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '@gatehouse/platform/clock';
import { Store } from '@gatehouse/platform/database/store';
import { AuditService } from '../audit/audit.service.js';
import { CannotStart } from '../config/cannot-start.js';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { KeysService } from '../keys/keys.service.js';
import { RotateKeys } from '../keys/operations/rotate-keys.js';
import { Operations } from '../operations/operations.js';
import { OneTimeLinks } from '../users/credentials/one-time-links.service.js';
import { PasswordHasher } from '../users/credentials/password-hasher.js';
import { PasswordRules } from '../users/credentials/password-rules.js';
import { UsersService } from '../users/users.service.js';

/** What a database needs before the first request: keys of every kind, and an administrator. */
@Injectable()
// eslint-disable-next-line local/max-injected-dependencies -- what creating the first administrator needs: rules, hash, user, audit event and link
export class FirstStart {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(Store) private readonly store: Store,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Operations) private readonly operations: Operations,
    @Inject(KeysService) private readonly keys: KeysService,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(PasswordHasher) private readonly hasher: PasswordHasher,
    @Inject(PasswordRules) private readonly rules: PasswordRules,
    @Inject(AuditService) private readonly audit: AuditService,
    @Inject(OneTimeLinks) private readonly links: OneTimeLinks,
  ) {}

  /** Creates a key of each kind that has none; it signs immediately. */
  async prepareKeys(): Promise<void> {
    const now = this.clock.now();
    const kinds = await this.keys.missing(now);
    if (kinds.length > 0) await this.operations.execute(RotateKeys, { kind: 'system', now }, { atOnce: false, kinds });
  }

  /**
   * Creates the first administrator if there is none.
   * @returns a one-time link for an administrator without a password: printed at each start until one was used
   * @throws CannotStart when the username or password in the settings is not acceptable
   */
  async prepareAdmin(): Promise<{ readonly username: string; readonly link: string } | undefined> {
    const now = this.clock.now();
    const { adminUsername: username, adminPassword: password } = this.settings;
    if (!(await this.users.findAdmin())) {
      const weakness =
        password === undefined
          ? undefined
          : await this.rules.problem(password, { use: 'only factor', owner: { username } });
      if (weakness !== undefined) throw new CannotStart(`GATEHOUSE_ADMIN_PASSWORD: ${weakness}`);
      const passwordHash = password === undefined ? undefined : await this.hasher.hash(password);
      const created = await this.store.run(async (unit) => {
        const outcome = await this.users.create(unit, { username, roles: ['admin'], passwordHash }, now);
        if ('user' in outcome)
          await this.audit.record(unit, {
            type: 'user.created',
            subjectId: outcome.user.id,
            details: { username: outcome.user.username },
          });
        return outcome;
      });
      // Another process may have created the administrator first, which is fine.
      if ('problems' in created && !(await this.users.findAdmin()))
        throw new CannotStart(`GATEHOUSE_ADMIN_USERNAME: ${created.problems[0]?.message ?? 'cannot be used'}`);
    }
    const admin = await this.users.findAdmin();
    if (!admin || admin.hasPassword) return undefined;
    const link = await this.store.run((unit) =>
      this.links.createAdditional(unit, { userId: admin.id, purpose: 'set-password', signsIn: true }, now),
    );
    return { username: admin.username, link };
  }
}
