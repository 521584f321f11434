import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import type { Actor } from '../../operations/actor.js';
import { invalidInput, notFound } from '../../operations/operation-error.js';
import { SimpleOperation, type OperationOutcome } from '../../operations/operation.js';
import { administratorsOnly, requireAllowed } from '../../operations/policy.js';
import { UsersService } from '../../users/users.service.js';
import { ApplicationRoles, applicationRolesProblem } from '../application-roles.service.js';
import { ClientUsage } from '../client-usage.js';
import { ClientsService } from '../clients.service.js';
import { mayManageClientAfterSignIn } from '../policy.js';

export interface ApplicationRolesInput {
  readonly clientId: string;
  readonly userId: string;
  /** The complete list: other roles are removed. */
  readonly roles: readonly string[];
}

/** Sets the roles of a user in one application. */
@Injectable()
export class SetApplicationRoles extends SimpleOperation<ApplicationRolesInput, readonly string[]> {
  constructor(
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(ApplicationRoles) private readonly roles: ApplicationRoles,
    @Inject(ClientUsage) private readonly usage: ClientUsage,
  ) {
    super();
  }

  /** @throws OperationError not_found, also when a developer names a user who has not used the client */
  async perform(unit: Unit, actor: Actor, input: ApplicationRolesInput): Promise<OperationOutcome<readonly string[]>> {
    const { clientId, userId } = input;
    const client = await this.clients.lock(unit, clientId);
    if (!client) throw notFound('client');
    requireAllowed(actor, mayManageClientAfterSignIn(actor, client));
    const isKnown =
      (await this.users.lock(unit, userId)) &&
      (administratorsOnly(actor) === undefined || (await this.usage.hasUsed(clientId, userId)));
    if (!isKnown) throw notFound('user');
    const problem = applicationRolesProblem(input.roles);
    if (problem !== undefined) throw invalidInput([{ field: 'roles', message: problem }]);
    const before = await this.roles.ofIn(unit, clientId, userId);
    const roles = [...new Set(input.roles)].sort();
    await this.roles.set(unit, clientId, userId, roles);
    return {
      result: roles,
      changes: [
        { type: 'application.roles_updated', clientId, subjectId: userId, before: { roles: before }, after: { roles } },
      ],
    };
  }
}
