import { Get, Inject, Put } from '@nestjs/common';
import { Reply } from '@gatehouse/platform/http/reply';
import { Operations } from '../../../operations/operations.js';
import { SetRoleRequirements } from '../../../users/operations/set-role-requirements.js';
import { RoleRequirements } from '../../../users/role-requirements.service.js';
import { roles } from '../../../users/user.js';
import { AdminApi, ApiCall } from '../admin-api.js';
import { readBodyOf } from '../bodies.js';
import type { Call } from '../call.js';
import { ApiEndpoint } from '../operation.js';
import { pageReply } from '../paging.js';
import { notFound } from '../problem.js';

@AdminApi('roles')
export class RolesApi {
  constructor(
    @Inject(Operations) private readonly operations: Operations,
    @Inject(RoleRequirements) private readonly requirements: RoleRequirements,
  ) {}

  @Get()
  @ApiEndpoint({
    summary: 'Roles and their requirements',
    requiredScope: 'gatehouse:read',
    response: 'Role',
    pages: true,
  })
  async list(@ApiCall() call: Call): Promise<Reply> {
    const requiringRoles = await this.requirements.load();
    const items = roles.map((role) => ({ role, second_factor: requiringRoles.has(role) }));
    return pageReply(call.request, items, undefined);
  }

  @Put(':role')
  @ApiEndpoint({
    summary: 'Sets whether a role requires a second factor',
    requiredScope: 'gatehouse:admin',
    body: 'RoleRequirement',
    response: 'Role',
  })
  async update(@ApiCall() call: Call): Promise<Reply> {
    const role = roles.find((each) => each === call.request.params['role']);
    if (role === undefined) throw notFound('role');
    const { value } = await readBodyOf(call.request, 'RoleRequirement');
    await this.operations.execute(SetRoleRequirements, call.actor, { [role]: value.second_factor });
    return Reply.json({ role, second_factor: value.second_factor });
  }
}
