import { Inject, Injectable } from '@nestjs/common';
import type { Unit } from '@gatehouse/platform/database/store';
import { TrustedBrowsers } from '../../users/factors/trusted-browsers.service.js';
import { actingUserId, type Actor } from '../../operations/actor.js';
import { notFound } from '../../operations/operation-error.js';
import { SimpleOperation, type Change, type OperationOutcome } from '../../operations/operation.js';
import { UsersService } from '../../users/users.service.js';

export interface EndOtherSessionsInput {
  /** The session that continues. */
  readonly keepSessionId: string;
  /** Also ends offline access of applications. */
  readonly offline: boolean;
  /** Also ends trusted browsers. */
  readonly trustedBrowsers: boolean;
}

/** Ends the actor's other sessions and, optionally, offline access and trusted browsers. */
@Injectable()
export class EndOtherSessions extends SimpleOperation<EndOtherSessionsInput, void> {
  constructor(
    @Inject(UsersService) private readonly users: UsersService,
    @Inject(TrustedBrowsers) private readonly trusted: TrustedBrowsers,
  ) {
    super();
  }

  /** @throws OperationError not_found if the actor is not a user */
  async perform(unit: Unit, actor: Actor, input: EndOtherSessionsInput): Promise<OperationOutcome<void>> {
    const subjectId = actingUserId(actor);
    if (subjectId === undefined) throw notFound('user');
    const { keepSessionId, offline, trustedBrowsers } = input;
    const ended = await this.users.signOutEverywhere(unit, subjectId, { offline, keepSessionId }, actor.now);
    const changes: Change[] = [{ type: 'session.ended', subjectId, details: { ended: ended.sessions } }];
    if (offline) changes.push({ type: 'grant.revoked', subjectId, details: { offline_grants_ended: ended.grants } });
    if (trustedBrowsers) {
      await this.trusted.endAllOf(unit, subjectId);
      changes.push({ type: 'browser.untrusted', subjectId, details: { all: true } });
    }
    return { result: undefined, changes };
  }
}
