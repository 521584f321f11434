import { Inject, Injectable, type Type } from '@nestjs/common';
import type { Form } from '@gatehouse/server/web/form';
import type { FieldProblem } from '../http/form-problems.js';
import { PageError } from '../http/page-error.js';
import type { PersonActor } from '../operations/actor.js';
import { OperationError } from '../operations/operation-error.js';
import type { Operation } from '../operations/operation.js';
import { Operations } from '../operations/operations.js';
import type { Sentence } from '../texts/text.js';
import { RecentSignIns } from './recent-sign-ins.service.js';
import { SecondFactorLookup } from './second-factor-lookup.js';
import type { UserVisit } from './visit.js';

/** What a form shows when its operation was refused. */
export interface Refusal {
  readonly status: 409 | 422 | 503;
  readonly error?: Sentence;
  readonly problems: readonly FieldProblem[];
}

export type PageOutcome<Result> = { readonly result: Result } | { readonly refusal: Refusal };

/** The form that asks for an operation. */
export interface Submission {
  readonly visit: UserVisit;
  /** Accepted: its CSRF token and origin were checked. */
  readonly form: Form;
  /** Where a form that cannot be kept comes back to after a sign-in; left out: the address that it was posted to. */
  readonly page?: string;
}

/** Runs the operations that pages ask for, as the person who is signed in. */
@Injectable()
export class PageOperations {
  constructor(
    @Inject(Operations) private readonly operations: Operations,
    @Inject(RecentSignIns) private readonly signIns: RecentSignIns,
    @Inject(SecondFactorLookup) private readonly factors: SecondFactorLookup,
  ) {}

  /**
   * @returns the result, or what the form shows
   * @throws PageError record.not_found, page.forbidden, page.auditor
   * @throws RecentSignInNeeded the form is kept, and comes back after the sign-in
   */
  async execute<Input, Result, Prepared>(
    type: Type<Operation<Input, Result, Prepared>>,
    input: Input,
    submission: Submission,
  ): Promise<PageOutcome<Result>> {
    const actor = await this.actorOf(submission.visit);
    try {
      const result = await this.operations.execute(type, actor, input);
      await this.signIns.passed(submission.visit, submission.form);
      return { result };
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      if (error.code !== 'recent_sign_in') await this.signIns.passed(submission.visit, submission.form);
      return { refusal: await this.refusalOf(error, submission) };
    }
  }

  private async actorOf({ user, session, address, requestId, now }: UserVisit): Promise<PersonActor> {
    const { authTime, amr } = session;
    const hasSecondFactor = amr.includes('mfa') || (await this.factors.hasAny(user.id));
    return {
      kind: 'person',
      userId: user.id,
      roles: user.roles,
      signIn: { authTime, amr },
      hasSecondFactor,
      address,
      requestId,
      now,
    };
  }

  private async refusalOf(error: OperationError, submission: Submission): Promise<Refusal> {
    const { code, sentence, problems } = error;
    switch (code) {
      case 'not_found':
        throw new PageError('record.not_found');
      case 'forbidden':
        throw new PageError('page.forbidden');
      case 'read_only':
        throw new PageError('page.auditor');
      case 'recent_sign_in': {
        const { visit, form, page = visit.request.originalUrl } = submission;
        throw await this.signIns.neededFor(visit, form, page);
      }
      case 'invalid':
        return { status: 422, problems };
      case 'busy':
        return { status: 503, error: sentence, problems };
      case 'conflict':
      case 'changed':
        return { status: 409, error: sentence, problems };
    }
  }
}
