import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import { text } from '../../i18n/message.js';
import type { Actor } from '../../operations/actor.js';
import { SimpleOperation, type Change, type OperationOutcome } from '../../operations/operation.js';
import { OperationError } from '../../operations/operation-error.js';
import { requireAllowed } from '../../operations/policy.js';
import { mayManageRoles } from '../policy.js';
import { RoleRequirements } from '../role-requirements.service.js';
import { roles, type Role } from '../user.js';

/** Whether these roles require a second factor; omitted roles are unchanged. */
export type RoleRequirementsInput = Partial<Readonly<Record<Role, boolean>>>;

/** Sets which roles require a second factor, in addition to those of GATEHOUSE_SECOND_FACTOR_ROLES. */
@Injectable()
export class SetRoleRequirements extends SimpleOperation<RoleRequirementsInput, void> {
  constructor(@Inject(RoleRequirements) private readonly requirements: RoleRequirements) {
    super();
  }

  async perform(unit: Unit, actor: Actor, requested: RoleRequirementsInput): Promise<OperationOutcome<void>> {
    requireAllowed(actor, mayManageRoles(actor));
    const current = await this.requirements.readIn(unit);
    const changes: Change[] = [];
    for (const role of roles) {
      const secondFactor = requested[role];
      if (secondFactor === false && this.requirements.fixed.includes(role))
        throw new OperationError('conflict', text('problem.role.secondFactorFixed', { role }));
      const before = current.has(role);
      if (secondFactor === undefined || secondFactor === before) continue;
      await this.requirements.set(unit, role, secondFactor ? 1 : 0, actor.now);
      changes.push({
        type: 'role.updated',
        subjectId: role,
        before: { secondFactor: before },
        after: { secondFactor },
      });
    }
    return { result: undefined, changes };
  }

  committed(): void {
    this.requirements.forget();
  }
}
