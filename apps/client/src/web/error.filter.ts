import { Catch, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { ReplyAdapter } from '@gatehouse/platform/http/express-adapter';
import { replyWithFailure, describeFailure } from '@gatehouse/platform/http/failure';
import { WrongLoopbackName } from '@gatehouse/platform/http/loopback-names';
import { Reply } from '@gatehouse/platform/http/reply';
import { requestId, type WebRequest } from '@gatehouse/platform/http/request';
import { Log } from '@gatehouse/platform/telemetry/log';
import { RequestContexts, type RequestContext } from '../session/request-contexts.service.js';
import { messagesModel } from './message-model.js';
import { PageError, type PageErrorId } from './page-error.js';
import { routes } from './routes.js';

const idOfFailure: Readonly<Record<string, PageErrorId>> = {
  'page.not_found': 'page.not_found',
  'page.method': 'page.method',
  'form.too_large': 'form.too_large',
  'form.unsupported': 'form.unsupported',
  'form.invalid': 'request.invalid',
  'request.aborted': 'request.invalid',
  'server.busy': 'server.busy',
};

/** Renders every error as a page: what happened, how to continue, and the request's id. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost<ReplyAdapter>,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(Log) private readonly log: Log,
  ) {}

  async catch(error: unknown, host: ArgumentsHost): Promise<void> {
    const request = host.switchToHttp().getRequest<WebRequest>();
    if (error instanceof WrongLoopbackName) {
      const renderingError = replyWithFailure(this.host.httpAdapter, host, () =>
        Reply.redirect(error.location, { status: 302 }),
      );
      if (renderingError !== undefined)
        this.log.error(
          { err: renderingError, requestId: requestId(request) },
          'the redirect to the configured host name failed',
        );
      return;
    }
    // With a session the page links back; an outage of the store must not hide the original error.
    const context = await this.contexts.open(request).catch(() => undefined);
    const renderingError = replyWithFailure(this.host.httpAdapter, host, () => this.describe(error, request, context));
    if (renderingError !== undefined)
      this.log.error({ err: renderingError, requestId: requestId(request) }, 'the error page failed');
  }

  private describe(error: unknown, request: WebRequest, context: RequestContext | undefined): Reply {
    const failure = describeFailure(error);
    const page =
      error instanceof PageError ? error : new PageError(idOfFailure[failure.id] ?? 'server.error', { cause: error });
    this.record(page, error, request, !(error instanceof PageError) && failure.unexpected);
    const { wayOn, detail, code, codeDescription, messages } = page.options;
    const next = wayOn?.next ?? routes.home;
    const again =
      wayOn?.providerId === undefined ? undefined : { id: wayOn.providerId, next, name: wayOn.providerName };
    const model = {
      id: page.id,
      title: page.title,
      sentence: page.sentence,
      detail,
      code,
      codeDescription,
      messages: messages && messagesModel(messages),
      requestId: requestId(request),
      csrf: context?.guard.csrf,
      username: context?.session?.content.username,
      continueHref: next,
      again,
      startAgainHref: page.id.startsWith('login.') || wayOn ? loginPage(next) : undefined,
    };
    return Reply.page('error', model, {
      status: page.status,
      headers: failure.headers,
      cookies: context?.guard.cookies ?? [],
      formActionSchemes: wayOn?.providerScheme === undefined ? [] : [wayOn.providerScheme],
    });
  }

  /** Logs a bug or an outage with its cause, and other errors by their id, so that a user's report can be found. */
  private record(page: PageError, error: unknown, request: WebRequest, unexpected: boolean): void {
    const fields = { requestId: requestId(request), id: page.id, code: page.options.code };
    if (unexpected) this.log.error({ ...fields, err: error }, 'unexpected error');
    else this.log.info({ ...fields, cause: causeMessages(page.options.cause) }, 'request failed');
  }
}

function loginPage(next: string): string {
  return next === routes.home ? routes.login : `${routes.login}?next=${encodeURIComponent(next)}`;
}

/** The messages of a chain of causes: constant texts of libraries, without input. */
function causeMessages(cause: unknown): string | undefined {
  const parts: string[] = [];
  for (let current = cause; current instanceof Error && parts.length < 4; current = current.cause)
    parts.push(current.message.slice(0, 200));
  return parts.length === 0 ? undefined : parts.join(' <- ');
}
