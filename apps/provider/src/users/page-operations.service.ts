import { Inject, Injectable, type Type } from '@nestjs/common';
import type { Form } from '@gatehouse/platform/http/form';
import type { FieldProblem } from '../web/form-errors.js';
import { PageError } from '../web/page-error.js';
import type { UserActor, VisitorActor } from '../operations/actor.js';
import { OperationError } from '../operations/operation-error.js';
import type { Operation } from '../operations/operation.js';
import { Operations } from '../operations/operations.js';
import { domainMessage } from '../i18n/domain-messages.js';
import type { Message } from '../i18n/message.js';
import { RecentSignIns } from './sessions/recent-sign-ins.service.js';
import { SecondFactorLookup } from './second-factor-lookup.js';
import type { UserRequestContext, RequestContext } from './sessions/request-context.js';

/** What a form shows when its operation failed. */
export interface OperationFailure {
  readonly status: 409 | 422 | 429 | 503;
  readonly error?: Message;
  readonly problems: readonly FieldProblem[];
}

export type PageOutcome<Result> = { readonly result: Result } | { readonly refusal: OperationFailure };

/** The form that requests an operation. */
export interface Submission {
  readonly context: UserRequestContext;
  /** Its CSRF token and origin were validated. */
  readonly form: Form;
  /**
   * The page to return to after a sign-in if the form cannot be saved; if omitted, the address to which it was posted.
   */
  readonly page?: string;
}

/** Executes operations for pages, as the signed-in user. */
@Injectable()
export class PageOperations {
  constructor(
    @Inject(Operations) private readonly operations: Operations,
    @Inject(RecentSignIns) private readonly signIns: RecentSignIns,
    @Inject(SecondFactorLookup) private readonly factors: SecondFactorLookup,
  ) {}

  /**
   * @param submission a download has no form
   * @returns the result, or what the form shows
   * @throws PageError record.not_found, page.forbidden, page.auditor
   * @throws RecentSignInNeeded the form was saved and is resumed after the sign-in
   */
  async execute<Input, Result, Prepared>(
    type: Type<Operation<Input, Result, Prepared>>,
    input: Input,
    submission: Pick<Submission, 'context'> & Partial<Submission>,
  ): Promise<PageOutcome<Result>> {
    const { context, form, page = context.request.originalUrl } = submission;
    const actor = await this.actorOf(context);
    // Before the operation: a resumed form is accepted once.
    if (form) await this.signIns.consumeSavedForm(context, form);
    try {
      return { result: await this.operations.execute(type, actor, input) };
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      if (error.code === 'recent_sign_in' && form) throw await this.signIns.saveAndRequireSignIn(context, form, page);
      return { refusal: failureOf(error) };
    }
  }

  /**
   * Executes an operation for a visitor who is not signed in.
   * @param linkedUserId the user whose one-time link was opened
   * @throws PageError link.spent, page.forbidden
   */
  async executeForVisitor<Input, Result, Prepared>(
    type: Type<Operation<Input, Result, Prepared>>,
    input: Input,
    { context, linkedUserId }: { readonly context: RequestContext; readonly linkedUserId?: string },
  ): Promise<PageOutcome<Result>> {
    const { address, requestId, now } = context;
    const actor: VisitorActor = { kind: 'visitor', linkedUserId, address, requestId, now };
    try {
      return { result: await this.operations.execute(type, actor, input) };
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      return { refusal: failureOf(error) };
    }
  }

  private async actorOf({ user, session, address, requestId, now }: UserRequestContext): Promise<UserActor> {
    const { authTime, amr } = session;
    const hasSecondFactor = amr.includes('mfa') || (await this.factors.hasAny(user.id));
    return {
      kind: 'person',
      userId: user.id,
      roles: user.roles,
      signIn: { authTime, amr },
      hasSecondFactor,
      sessionId: session.id,
      address,
      requestId,
      now,
    };
  }
}

/** @throws PageError if the form cannot be shown again, or showing it would not help */
function failureOf(failed: OperationError): OperationFailure {
  const { code } = failed;
  const sentence = domainMessage(failed.sentence);
  const problems = failed.problems.map(({ field, message }) => ({ field, message: domainMessage(message) }));
  switch (code) {
    case 'not_found':
      throw new PageError('record.not_found');
    case 'forbidden':
    // For a user this is handled by the caller; no other actor can sign in for it.
    case 'recent_sign_in':
      throw new PageError('page.forbidden');
    case 'read_only':
      throw new PageError('page.auditor');
    case 'link_spent':
      throw new PageError('link.spent');
    case 'invalid':
      return { status: 422, problems };
    case 'rate_limited':
      return { status: 429, error: sentence, problems };
    case 'busy':
      return { status: 503, error: sentence, problems };
    case 'conflict':
    case 'changed':
      return { status: 409, error: sentence, problems };
  }
}
