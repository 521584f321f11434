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
  /** Whether setting the password signs in. */
  readonly signsIn: boolean;
  /** The hash of the new password, for the sign-in. */
  readonly passwordHash: string;
}

/**
 * Sets a password with a one-time link, which alone authorizes it. Sessions and grants end as with any password reset.
 */
@Injectable()
export class SetPasswordByLink implements Operation<SetPasswordByLinkInput, PasswordSetByLink, Prepared> {
  constructor(
    @Inject(PasswordLinks) private readonly passwordLinks: PasswordLinks,
    @Inject(OneTimeLinks) private readonly links: OneTimeLinks,
    @Inject(NewPasswords) private readonly passwords: NewPasswords,
    @Inject(SetPassword) private readonly setPassword: SetPassword,
  ) {}

  /** @throws OperationError forbidden, link_spent, rate_limited, invalid */
  async prepare(actor: Actor, { token, password }: SetPasswordByLinkInput): Promise<Prepared> {
    const { address, now } = requireVisitor(actor);
    const linked = await this.passwordLinks.find(token, now);
    if (!linked) throw linkUsed();
    const { link, user } = linked;
    const source = accountSource({ address }, user.id);
    const hashed = await this.passwords.hash({ owner: user, password, field: 'password', source, now });
    return { selector: link.selector, signsIn: link.signsIn, password: { id: user.id, ...hashed } };
  }

  /** @throws OperationError link_spent if the link was used since */
  async perform(unit: Unit, actor: Actor, prepared: Prepared): Promise<OperationOutcome<PasswordSetByLink>> {
    const { selector, signsIn, password } = prepared;
    if (!(await this.links.consume(unit, selector, actor.now))) throw linkUsed();
    // The link authorizes the change; the actor needs no rights.
    const system = { kind: 'system', now: actor.now } as const;
    const { result: user, changes } = await this.setPassword.perform(unit, system, password);
    return { result: { user, signsIn, passwordHash: password.passwordHash }, changes };
  }
}
