import { Inject, Injectable } from '@nestjs/common';
import {
  accountFields,
  addressFields,
  maySetProperty,
  profileFields,
  type AccountField,
  type Profile,
  type UserPropertyName,
} from '@gatehouse/domain/oidc';
import type { Unit } from '@gatehouse/platform/database/store';
import { actingUserId, type Actor } from '../../operations/actor.js';
import { invalidInput, notFound } from '../../operations/operation-error.js';
import { SimpleOperation, type OperationOutcome } from '../../operations/operation.js';
import type { User, UserDraft } from '../user.js';
import { userRepresentation } from '../user-representation.js';
import { UsersService } from '../users.service.js';

export type OwnProfile = Pick<UserDraft, AccountField> & { readonly profile: Profile };

/** Updates the user's own profile. A changed phone number is no longer verified. */
@Injectable()
export class UpdateOwnProfile extends SimpleOperation<OwnProfile, void> {
  constructor(@Inject(UsersService) private readonly users: UsersService) {
    super();
  }

  /** @throws OperationError not_found, also if the actor is not a user */
  async perform(unit: Unit, actor: Actor, draft: OwnProfile): Promise<OperationOutcome<void>> {
    const userId = actingUserId(actor);
    const before = userId === undefined ? undefined : await this.users.lockAndRead(unit, userId);
    if (!before) throw notFound('user');
    const saved = await this.users.updateProfile(unit, before, ownPart(before, draft), actor.now);
    if ('problems' in saved) throw invalidInput(saved.problems);
    const change = {
      type: 'user.updated',
      subjectId: before.id,
      before: userRepresentation({ ...before, updatedAt: saved.user.updatedAt }),
      after: userRepresentation(saved.user),
    } as const;
    return { result: undefined, changes: [change] };
  }
}

/** Takes the properties that users may set themselves from the draft, and all others from the account. */
function ownPart(before: User, draft: OwnProfile): OwnProfile {
  const pick = (
    current: object | undefined,
    requested: object | undefined,
    names: readonly UserPropertyName[],
  ): object => {
    const [oldValues, newValues] = [new Map(Object.entries(current ?? {})), new Map(Object.entries(requested ?? {}))];
    return Object.fromEntries(
      names.map((name): [string, unknown] => [
        name,
        (maySetProperty('person', name) ? newValues : oldValues).get(name),
      ]),
    );
  };
  return {
    ...pick(before, draft, accountFields),
    profile: {
      ...pick(before.profile, draft.profile, profileFields),
      address: pick(before.profile.address, draft.profile.address, addressFields),
    },
  };
}
