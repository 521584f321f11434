import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import { CurrentSettings } from '../../settings/current-settings.js';
import type { Actor } from '../../operations/actor.js';
import { linkUsed } from '../../operations/operation-error.js';
import type { Operation, OperationOutcome } from '../../operations/operation.js';
import { requireVisitor } from '../../operations/policy.js';
import { EmailChanges } from '../email-changes.service.js';
import { Invitations, type Invitation } from '../invitations/invitations.service.js';
import { anonymousSource, invitationSource } from '../credentials/password-source.js';
import { maySignUp } from '../policy.js';
import { SignUpPasswords } from '../credentials/sign-up-passwords.service.js';
import type { User, UserDraft } from '../user.js';
import { CreateUser } from './create-user.js';

export interface SignUpInput {
  readonly username: string;
  readonly name: string | undefined;
  /** Ignored with an invitation: the account gets the invited address. */
  readonly email: string | undefined;
  /** In plain text. */
  readonly password: string;
  /** The link's token. */
  readonly invitation: string | undefined;
}

interface Prepared {
  readonly draft: UserDraft;
  readonly passwordHash: string;
  readonly invitation: Invitation | undefined;
}

export interface SignedUp {
  readonly user: User;
  /** For the sign-in that follows. */
  readonly passwordHash: string;
}

/** A visitor creates an account, with or without an invitation. */
@Injectable()
export class SignUp implements Operation<SignUpInput, SignedUp, Prepared> {
  constructor(
    @Inject(CurrentSettings) private readonly settings: CurrentSettings,
    @Inject(Invitations) private readonly invitations: Invitations,
    @Inject(SignUpPasswords) private readonly passwords: SignUpPasswords,
    @Inject(EmailChanges) private readonly emails: EmailChanges,
    @Inject(CreateUser) private readonly createUser: CreateUser,
  ) {}

  /** @throws OperationError forbidden, link_spent, rate_limited, invalid */
  async prepare(actor: Actor, input: SignUpInput): Promise<Prepared> {
    const visitor = requireVisitor(actor, () =>
      maySignUp(this.settings.current().signUp, input.invitation !== undefined),
    );
    const { now } = visitor;
    const invitation = await this.invitations.find(input.invitation, now);
    if (input.invitation !== undefined && !invitation) throw linkUsed();
    const draft = signUpDraft(input, invitation);
    const source = invitation ? invitationSource(visitor, invitation.selector) : anonymousSource(visitor);
    const passwordHash = await this.passwords.hash({ draft, password: input.password, source, now });
    return { draft, passwordHash, invitation };
  }

  /** @throws OperationError forbidden, invalid; link_spent if the invitation was used first by another request */
  async perform(unit: Unit, actor: Actor, prepared: Prepared): Promise<OperationOutcome<SignedUp>> {
    const { draft, passwordHash, invitation } = prepared;
    const { now } = requireVisitor(actor, () => maySignUp(this.settings.current().signUp, invitation !== undefined));
    // A visitor creates this one account, and has no right to create others.
    const system = { kind: 'system', now } as const;
    const { result, changes } = await this.createUser.perform(unit, system, { draft, passwordHash });
    const { user } = result;
    if (invitation && !(await this.invitations.consume(unit, invitation.selector, now))) throw linkUsed();
    // The address is unverified until its link is opened; the sign-up does not wait for that.
    if (user.email !== undefined && !user.emailVerified) await this.emails.request(unit, user.id, user.email, now);
    return { result: { user, passwordHash }, changes };
  }
}

/** The account to create. The invitation link proves control of the invited mailbox. */
export function signUpDraft(
  { username, name, email }: Pick<SignUpInput, 'username' | 'name' | 'email'>,
  invitation: Pick<Invitation, 'email' | 'roles'> | undefined,
): UserDraft {
  return {
    username,
    name,
    email: invitation?.email ?? email,
    emailVerified: invitation !== undefined,
    roles: invitation?.roles ?? ['user'],
  };
}
