import { Catch, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { OAuthError } from '@gatehouse/domain/oauth';
import { Log } from '@gatehouse/platform/telemetry/log';
import type { ReplyAdapter } from '@gatehouse/platform/http/express-adapter';
import { replyWithFailure, describeFailure, isDisconnected, type FailureId } from '@gatehouse/platform/http/failure';
import { Reply } from '@gatehouse/platform/http/reply';
import { requestId, type WebRequest } from '@gatehouse/platform/http/request';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { OperationError } from '../../operations/operation-error.js';
import { DeniedAccess } from '../../audit/denied-access.service.js';
import { Counters } from '../../monitoring/counters.js';
import { routes } from '../../web/routes.js';
import { rejectToken } from '../../protocol/userinfo/bearer.js';
import { ApiProblem, problemOfOperation, type ProblemId } from './problem.js';
import { stepUp } from './step-up.js';

const problemIdOfFailure: Readonly<Record<FailureId, ProblemId>> = {
  'page.not_found': 'not-found',
  'page.method': 'method-not-allowed',
  'form.too_large': 'too-large',
  'form.unsupported': 'unsupported-media-type',
  'form.invalid': 'invalid',
  'request.aborted': 'invalid',
  'server.busy': 'busy',
  'server.error': 'error',
};

/** Renders errors of the API as problem documents. @see RFC 9457 */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost<ReplyAdapter>,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(Log) private readonly log: Log,
    @Inject(Counters) private readonly counters: Counters,
    @Inject(DeniedAccess) private readonly deniedAccess: DeniedAccess,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const secondaryError = replyWithFailure(this.host.httpAdapter, host, (request) => this.describe(error, request));
    if (secondaryError !== undefined) this.log.error({ err: secondaryError }, 'problem document failed');
  }

  private describe(thrown: unknown, request: WebRequest): Reply {
    const error = toApiError(thrown);
    if (error instanceof OAuthError) {
      const token = rejectToken(error, request);
      this.recordRejection(request, token.reason);
      if (token.status === 403) this.deniedAccess.record(request, token.reason);
      const problem = new ApiProblem(token.status === 403 ? 'forbidden' : 'unauthorized', token.description);
      return this.document(problem, request, token.headers, token.status);
    }
    if (error instanceof ApiProblem) {
      this.recordRejection(request, `api.${error.id}`);
      return this.document(error, request, {});
    }
    const failure = describeFailure(error);
    if (failure.unexpected && !isDisconnected(request))
      this.log.error({ request: requestId(request), err: error }, 'request failed');
    const id = problemIdOfFailure[failure.id];
    return this.document(new ApiProblem(id, detailOf(id)), request, failure.headers, failure.status);
  }

  private recordRejection(request: WebRequest, reason: string): void {
    this.counters.refused(reason);
    this.log.info({ request: requestId(request), reason }, 'API request rejected');
  }

  private document(problem: ApiProblem, request: WebRequest, headers: object, status = problem.status): Reply {
    return Reply.json(
      {
        type: `${this.settings.issuer}${routes.adminApi}/docs#problem-${problem.id}`,
        title: problem.title,
        status,
        detail: problem.detail,
        request_id: requestId(request),
        ...(problem.errors.length > 0 ? { errors: problem.errors } : {}),
      },
      { status, headers: { ...headers, 'Content-Type': 'application/problem+json' } },
    );
  }
}

/** Converts an error of an operation to an error of the API. */
function toApiError(error: unknown): unknown {
  if (!(error instanceof OperationError)) return error;
  return error.missing === undefined ? problemOfOperation(error) : stepUp(error.missing);
}

function detailOf(id: ProblemId): string {
  switch (id) {
    case 'not-found':
      return 'There is nothing at this address.';
    case 'busy':
      return 'Try again in a moment.';
    case 'error':
      return 'The request is not the cause. See the log for details, by the id of this request.';
    default:
      return 'The request could not be read.';
  }
}
