import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import type { Unit } from '@gatehouse/platform/database/store';
import { settingsDefinition } from '../../../config/settings.js';
import { text, type Message } from '../../../i18n/message.js';
import type { Actor } from '../../../operations/actor.js';
import { invalidInput, recordChanged } from '../../../operations/operation-error.js';
import { SimpleOperation, type Change, type OperationOutcome } from '../../../operations/operation.js';
import { requireAllowed } from '../../../operations/policy.js';
import { SetRoleRequirements } from '../../../users/operations/set-role-requirements.js';
import { RoleRequirements } from '../../../users/role-requirements.service.js';
import { roles } from '../../../users/user.js';
import { TrustedBrowsers } from '../../../users/factors/trusted-browsers.service.js';
import { SessionsService } from '../../../users/sessions/sessions.service.js';
import type { FieldProblem } from '../../../web/form-errors.js';
import { revisionOf } from '../../../web/revision.js';
import { CurrentSettings } from '../../current-settings.js';
import {
  editableNames,
  editableSettings,
  effectiveSettings,
  settingProblem,
  variableOf,
  type EditableName,
  type EditableValues,
  type StoredTexts,
} from '../../editable-settings.js';
import { StoredSettings } from '../../stored-settings.service.js';
import { mayChangeSettings } from '../policy.js';
import { secondFactorRoles, storedRecord } from '../settings-overview.service.js';

export interface UpdateSettingsInput {
  /**
   * The texts by the name of each setting in the API (`sign_up`), as the environment would contain them; null: the environment
   * or the default decides again. Settings that are left out stay as they are.
   */
  readonly changes: Readonly<Record<string, string | null>>;
  /** The revision of the stored settings that the change is based on; by default it is not checked. */
  readonly revision?: string | undefined;
}

type LifetimeName = keyof Pick<EditableValues, 'trustedBrowserLifetimeSeconds' | 'sessionIdleLifetimeSeconds'>;
type StoredChanges = Partial<Record<EditableName, string | null>>;

/**
 * Changes settings while the server runs. A value that is weaker than what the environment sets is rejected.
 * Every process uses the new values within a second.
 */
@Injectable()
export class UpdateSettings extends SimpleOperation<UpdateSettingsInput, void> {
  constructor(
    @Inject(CurrentSettings) private readonly settings: CurrentSettings,
    @Inject(StoredSettings) private readonly stored: StoredSettings,
    @Inject(RoleRequirements) private readonly requirements: RoleRequirements,
    @Inject(SetRoleRequirements) private readonly setRoles: SetRoleRequirements,
    @Inject(TrustedBrowsers) private readonly trustedBrowsers: TrustedBrowsers,
    @Inject(SessionsService) private readonly sessions: SessionsService,
  ) {
    super();
  }

  /** @throws OperationError forbidden, recent_sign_in, invalid, changed */
  async perform(unit: Unit, actor: Actor, { changes, revision }: UpdateSettingsInput): Promise<OperationOutcome<void>> {
    requireAllowed(actor, mayChangeSettings(actor));
    const problems = Object.entries(changes).flatMap(([member, value]): FieldProblem[] => {
      const message = this.problemOf(member, value);
      return message === undefined ? [] : [{ field: member, message }];
    });
    if (problems.length > 0) throw invalidInput(problems);
    const stored = await this.stored.lockAndRead(unit);
    const addedRoles = [...(await this.requirements.readIn(unit))];
    const before = storedRecord(stored, addedRoles);
    if (revision !== undefined && revision !== revisionOf(before)) throw recordChanged();
    const changed = await this.stored.change(unit, stored, storedChanges(changes), actor.now);
    const after = storedRecord(changed, addedRoles);
    await this.applyLifetimes(unit, [stored, changed], actor.now);
    const roleChanges = await this.changeRoles(unit, actor, changes[secondFactorRoles]);
    const isChanged = revisionOf(before) !== revisionOf(after);
    const change: Change = { type: 'settings.updated', before, after, secrets: ['logo'] };
    return { result: undefined, changes: [...(isChanged ? [change] : []), ...roleChanges] };
  }

  committed(): void {
    this.setRoles.committed();
  }

  private problemOf(member: string, value: string | null): Message | undefined {
    const { environment } = this.settings;
    if (member === secondFactorRoles) return value === null ? undefined : this.rolesProblem(value);
    const name = editableNames.find((each) => editableSettings[each].member === member);
    if (name === undefined) return text('problem.setting.unknown', { name: member, names: editableMembers.join(', ') });
    return value === null ? undefined : settingProblem(name, value, environment);
  }

  private rolesProblem(value: string): Message | undefined {
    const requested = settingsDefinition.secondFactorRoles.schema.safeParse(value);
    if (!requested.success) return text('problem.setting.roles');
    const { fixed } = this.requirements;
    if (fixed.every((role) => requested.data.some((each) => each === role))) return undefined;
    const variable = variableOf(this.settings.environment, 'secondFactorRoles');
    return text('problem.setting.rolesFloor', { variable, value: fixed.join(', ') });
  }

  /**
   * What the shorter of two lifetimes ended must not return with a longer one. This holds for a longer new lifetime, too:
   * another process may have trusted a browser before it had read the earlier change.
   */
  private async applyLifetimes(unit: Unit, versions: readonly StoredTexts[], now: EpochSeconds): Promise<void> {
    const values = versions.map((each) => effectiveSettings(this.settings.environment, each).values);
    const shortest = (name: LifetimeName): number | undefined => {
      const lifetimes = values.map((each) => each[name]);
      return new Set(lifetimes).size > 1 ? Math.min(...lifetimes) : undefined;
    };
    const trust = shortest('trustedBrowserLifetimeSeconds');
    if (trust !== undefined) await this.trustedBrowsers.capLifetimes(unit, trust, now);
    const idle = shortest('sessionIdleLifetimeSeconds');
    if (idle !== undefined) await this.sessions.expireIdle(unit, idle, now);
  }

  /** The requirements of roles are records of their own, with an operation that the page and the API of roles use, too. */
  private async changeRoles(unit: Unit, actor: Actor, value: string | null | undefined): Promise<readonly Change[]> {
    if (value === undefined) return [];
    const requested: readonly string[] = settingsDefinition.secondFactorRoles.schema.parse(value ?? '');
    const optional = roles.filter((role) => !this.requirements.fixed.includes(role));
    const requirements = Object.fromEntries(optional.map((role) => [role, requested.includes(role)]));
    const { changes } = await this.setRoles.perform(unit, actor, requirements);
    return changes;
  }
}

/** The names of all settings that can be changed, as the API and the command line have them. */
export const editableMembers: readonly string[] = [
  ...editableNames.map((name) => editableSettings[name].member),
  secondFactorRoles,
];

function storedChanges(changes: UpdateSettingsInput['changes']): StoredChanges {
  return Object.fromEntries(
    editableNames.flatMap((name) => {
      const value = changes[editableSettings[name].member];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
