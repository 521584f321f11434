import { Inject, Injectable } from '@nestjs/common';
import { acrOf, addMethods, type AuthenticationMethod } from '@gatehouse/domain/oauth';
import type { Unit } from '@gatehouse/platform/database/store';
import { notFound, OperationError } from '../../operations/operation-error.js';
import type { Actor, UserActor } from '../../operations/actor.js';
import type { OperationOutcome } from '../../operations/operation.js';
import { requireUser } from '../../operations/policy.js';
import type { Session } from '../sessions/session.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { mayChangeOwnCredentials } from '../policy.js';
import { SecurityNotices } from '../security-notices.service.js';
import { UsersService } from '../users.service.js';
import { Factors } from './factors.service.js';
import { RecoveryCodes } from './recovery-codes.service.js';

/** A second factor that was just added. It completes the session, which gets a new cookie. */
export interface AddedFactor {
  readonly session: Session;
  readonly cookieValue: string;
  /** Generated with the first factor, and shown only once. */
  readonly codes: readonly string[] | undefined;
}

export interface NewFactor {
  /** The session in which it is added. */
  readonly session: Session;
  readonly methods: readonly AuthenticationMethod[];
  /** `totp` or a passkey's id, for the audit log. */
  readonly factor: string;
  readonly isFirst: boolean;
}

/**
 * Shared by the operations that add a second factor. Generates recovery codes with the first factor, and when none are left;
 * the user's other sessions that used only a password require the factor from now on.
 */
@Injectable()
export class Enrolment {
  constructor(
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(SessionsService) private readonly sessions: SessionsService,
    @Inject(Factors) private readonly factors: Factors,
    @Inject(RecoveryCodes) private readonly codes: RecoveryCodes,
    @Inject(SecurityNotices) private readonly notices: SecurityNotices,
  ) {}

  /**
   * Locks the account, so that a concurrent login either precedes the factor or requires it.
   * @returns whether it is the user's first factor
   * @throws OperationError not_found; recent_sign_in, also if a factor was added since the sign-in was checked
   */
  async begin(unit: Unit, actor: Actor): Promise<{ readonly person: UserActor; readonly isFirst: boolean }> {
    const person = requireUser(actor);
    if (!(await this.users.lock(unit, person.userId))) throw notFound('user');
    const hasSecondFactor = await this.factors.hasAnyIn(unit, person.userId);
    requireUser({ ...person, hasSecondFactor }, mayChangeOwnCredentials);
    return { person, isFirst: !hasSecondFactor };
  }

  /** @throws OperationError conflict if the session has ended: a factor is not added without its session */
  async complete(unit: Unit, { userId, now }: UserActor, added: NewFactor): Promise<OperationOutcome<AddedFactor>> {
    const { session, methods, factor, isFirst } = added;
    const amr = addMethods(session.amr, methods);
    const completed = await this.sessions.complete(unit, session, { amr, acr: acrOf(amr) }, now);
    if (!completed) throw new OperationError('conflict', 'The session has ended.');
    await this.sessions.demoteOthers(unit, userId, session.id);
    const hasCodes = !isFirst && (await this.codes.countLeftIn(unit, userId)) > 0;
    const codes = hasCodes ? undefined : await this.codes.make(unit, userId, now);
    await this.notices.notify(unit, userId, 'factor added', now);
    return {
      result: { ...completed, codes },
      changes: [{ type: 'factor.added', subjectId: userId, details: { factor } }],
    };
  }
}
