import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import { actingClientId, actingUserId, type Actor } from '../../operations/actor.js';
import { invalidInput } from '../../operations/operation-error.js';
import type { Operation, OperationOutcome } from '../../operations/operation.js';
import { requireAllowed } from '../../operations/policy.js';
import { OneTimeLinks } from '../credentials/one-time-links.service.js';
import { PasswordHasher } from '../credentials/password-hasher.js';
import { PasswordRules } from '../credentials/password-rules.js';
import { mayManageUsers } from '../policy.js';
import type { User, UserDraft } from '../user.js';
import { UsersService } from '../users.service.js';

export interface CreateUserInput {
  readonly draft: UserDraft;
  /** In plain text; if omitted, a link to set one is created. */
  readonly password?: string | undefined;
}

interface Prepared {
  readonly draft: UserDraft;
  readonly passwordHash: string | undefined;
}

export interface CreatedUser {
  readonly user: User;
  /** The link to set the password, if none was given. It is shown once. */
  readonly link: string | undefined;
}

/** Creates an account, with a password or with a link to set one. */
@Injectable()
export class CreateUser implements Operation<CreateUserInput, CreatedUser, Prepared> {
  constructor(
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(PasswordRules) private readonly rules: PasswordRules,
    @Inject(PasswordHasher) private readonly hasher: PasswordHasher,
    @Inject(OneTimeLinks) private readonly links: OneTimeLinks,
  ) {}

  async prepare(_actor: Actor, { draft, password }: CreateUserInput): Promise<Prepared> {
    if (password === undefined) return { draft, passwordHash: undefined };
    const weakness = await this.rules.problem(password, { use: 'only factor', owner: draft });
    if (weakness !== undefined) throw invalidInput([{ field: 'password', message: weakness }]);
    return { draft, passwordHash: await this.hasher.hash(password) };
  }

  async perform(unit: Unit, actor: Actor, { draft, passwordHash }: Prepared): Promise<OperationOutcome<CreatedUser>> {
    requireAllowed(actor, mayManageUsers(actor));
    const outcome = await this.users.create(unit, { ...draft, passwordHash }, actor.now);
    if ('problems' in outcome) throw invalidInput(outcome.problems);
    const { user } = outcome;
    const created = { type: 'user.created', subjectId: user.id, details: { username: user.username } } as const;
    if (passwordHash !== undefined) return { result: { user, link: undefined }, changes: [created] };
    const creator = { createdBy: actingUserId(actor), createdViaClient: actingClientId(actor) };
    const link = await this.links.makeForAdministrator(unit, { userId: user.id, ...creator }, actor.now);
    return { result: { user, link }, changes: [created, { type: 'user.password_link_created', subjectId: user.id }] };
  }
}
