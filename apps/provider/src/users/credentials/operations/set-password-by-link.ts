import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import type { Actor } from '../../../operations/actor.js';
import { linkUsed } from '../../../operations/operation-error.js';
import type { Operation, OperationOutcome } from '../../../operations/operation.js';
import { requireVisitor } from '../../../operations/policy.js';
import { NewPasswords } from '../new-passwords.service.js';
import { OneTimeLinks } from '../one-time-links.service.js';
import { PasswordLinks } from '../password-links.service.js';
import { accountSource } from '../password-source.js';
import type { User } from '../../user.js';
import { SetPassword, type PreparedPassword } from './set-password.js';

export interface SetPasswordByLinkInput {
  readonly token: string;
  /** In plain text. */
  readonly password: string;
}

interface Prepared {
  readonly selector: number;
  readonly signsIn: boolean;
  readonly password: PreparedPassword;
}

export interface PasswordSetByLink {
  readonly user: User;
  /** Setting it signs in. */
  readonly signsIn: boolean;
  /** Of the new password, for the sign-in. */
  readonly passwordHash: string;
}

/** Sets a password by a one-time link, which alone gives the right; sessions and grants end as with any that is set anew. */
@Injectable()
export class SetPasswordByLink implements Operation<SetPasswordByLinkInput, PasswordSetByLink, Prepared> {
  constructor(
    @Inject(PasswordLinks) private readonly found: PasswordLinks,
    @Inject(OneTimeLinks) private readonly links: OneTimeLinks,
    @Inject(NewPasswords) private readonly passwords: NewPasswords,
    @Inject(SetPassword) private readonly setPassword: SetPassword,
  ) {}

  /** @throws OperationError forbidden, link_spent, rate_limited, invalid */
  async prepare(actor: Actor, { token, password }: SetPasswordByLinkInput): Promise<Prepared> {
    const { address, now } = requireVisitor(actor);
    const linked = await this.found.find(token, now);
    if (!linked) throw linkUsed();
    const { link, user } = linked;
    const source = accountSource({ address }, user.id);
    const hashed = await this.passwords.hash({ owner: user, password, field: 'password', source, now });
    return { selector: link.selector, signsIn: link.signsIn, password: { id: user.id, ...hashed } };
  }

  /** @throws OperationError link_spent where somebody was faster */
  async perform(unit: Unit, actor: Actor, prepared: Prepared): Promise<OperationOutcome<PasswordSetByLink>> {
    const { selector, signsIn, password } = prepared;
    if (!(await this.links.consume(unit, selector, actor.now))) throw linkUsed();
    // The link gave the right: nobody is asked for theirs again.
    const system = { kind: 'system', now: actor.now } as const;
    const { result: user, changes } = await this.setPassword.perform(unit, system, password);
    return { result: { user, signsIn, passwordHash: password.passwordHash }, changes };
  }
}
