import { Catch, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { OAuthError } from '@gatehouse/domain/oauth';
import { Log } from '@gatehouse/platform/telemetry/log';
import type { ReplyAdapter } from '@gatehouse/platform/http/express-adapter';
import { answerFailure, describeFailure, isGone, type FailureId } from '@gatehouse/platform/http/failure';
import { Reply } from '@gatehouse/platform/http/reply';
import { requestId, type WebRequest } from '@gatehouse/platform/http/request';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { OperationError } from '../../operations/operation-error.js';
import { DeniedAccess } from '../../audit/denied-access.service.js';
import { Counters } from '../../monitoring/counters.js';
import { routes } from '../../web/routes.js';
import { refusedToken } from '../../protocol/userinfo/bearer.js';
import { ApiProblem, problemOfOperation, type ProblemId } from './problem.js';
import { stepUp } from './step-up.js';

const ofFailures: Readonly<Record<FailureId, ProblemId>> = {
  'page.not_found': 'not-found',
  'page.method': 'method-not-allowed',
  'form.too_large': 'too-large',
  'form.unsupported': 'unsupported-media-type',
  'form.invalid': 'invalid',
  'request.aborted': 'invalid',
  'server.busy': 'busy',
  'server.error': 'error',
};

/** What the API answers when it refuses or fails: a problem document. @see RFC 9457 */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost<ReplyAdapter>,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(Log) private readonly log: Log,
    @Inject(Counters) private readonly counters: Counters,
    @Inject(DeniedAccess) private readonly refusedAccess: DeniedAccess,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const second = answerFailure(this.host.httpAdapter, host, (request) => this.describe(error, request));
    if (second !== undefined) this.log.error({ err: second }, 'a problem document failed');
  }

  private describe(thrown: unknown, request: WebRequest): Reply {
    const error = ofApi(thrown);
    if (error instanceof OAuthError) {
      const token = refusedToken(error, request);
      this.refused(request, token.reason);
      if (token.status === 403) this.refusedAccess.record(request, token.reason);
      const problem = new ApiProblem(token.status === 403 ? 'forbidden' : 'unauthorized', token.description);
      return this.document(problem, request, token.headers, token.status);
    }
    if (error instanceof ApiProblem) {
      this.refused(request, `api.${error.id}`);
      return this.document(error, request, {});
    }
    const failure = describeFailure(error);
    if (failure.unexpected && !isGone(request))
      this.log.error({ request: requestId(request), err: error }, 'a request failed');
    const id = ofFailures[failure.id];
    return this.document(new ApiProblem(id, detailOf(id)), request, failure.headers, failure.status);
  }

  private refused(request: WebRequest, reason: string): void {
    this.counters.refused(reason);
    this.log.info({ request: requestId(request), reason }, 'refused');
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

/** What an operation refused, in the API's own errors. */
function ofApi(error: unknown): unknown {
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
      return 'It was not your doing. The log knows more under the id of this request.';
    default:
      return 'The request could not be read.';
  }
}
