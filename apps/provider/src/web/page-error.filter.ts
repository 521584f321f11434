import { Catch, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { OAuthError } from '@gatehouse/domain/oauth';
import { Log } from '@gatehouse/platform/telemetry/log';
import type { ReplyAdapter } from '@gatehouse/platform/http/express-adapter';
import { replyWithFailure, describeFailure, isDisconnected } from '@gatehouse/platform/http/failure';
import { WrongLoopbackName } from '@gatehouse/platform/http/loopback-names';
import { Reply } from '@gatehouse/platform/http/reply';
import { pathOf, requestId, prefersHtml, type WebRequest } from '@gatehouse/platform/http/request';
import { DeniedAccess } from '../audit/denied-access.service.js';
import { Counters } from '../monitoring/counters.js';
import { text, type Text } from '../i18n/message.js';
import { errorDetails } from './error-details.js';
import { consoleFrameOf } from './page-frame.js';
import { LoginNeeded, RecentSignInNeeded } from './login-needed.js';
import { PageError, type PageErrorId } from './page-error.js';
import { loginFor, routes } from './routes.js';

/** Renders errors as a page with a message, the error id and the request id. */
@Catch()
export class PageErrorFilter implements ExceptionFilter {
  constructor(
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost<ReplyAdapter>,
    @Inject(Log) private readonly log: Log,
    @Inject(Counters) private readonly counters: Counters,
    @Inject(DeniedAccess) private readonly deniedAccess: DeniedAccess,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const secondaryError = replyWithFailure(this.host.httpAdapter, host, (request) => this.describe(error, request));
    if (secondaryError !== undefined) this.log.error({ err: secondaryError }, 'error page failed');
  }

  /** Creates the response to an error, and logs it. */
  describe(error: unknown, request: WebRequest): Reply {
    if (error instanceof WrongLoopbackName) return Reply.redirect(error.location, { status: 302 });
    if (error instanceof LoginNeeded)
      return Reply.redirect(loginFor(request.method === 'GET' ? error.address : pathOf(request)));
    if (error instanceof RecentSignInNeeded) return Reply.redirect(error.href);
    const id = requestId(request);
    if (error instanceof PageError) {
      const reason = error.cause instanceof OAuthError ? error.cause.reason : error.id;
      this.counters.refused(reason);
      this.log.info({ request: id, reason }, 'request refused');
      if (error.status === 403) this.deniedAccess.record(request, error.id);
      return page(request, error, id);
    }
    const failure = describeFailure(error);
    if (failure.unexpected && !isDisconnected(request)) this.log.error({ request: id, err: error }, 'request failed');
    const known: PageErrorId = failure.id === 'request.aborted' ? 'form.invalid' : failure.id;
    return page(request, new PageError(known), id, failure.headers);
  }
}

function page(request: WebRequest, error: PageError, id: string, headers: Record<string, unknown> = {}): Reply {
  const retry =
    error.options.retryAfterSeconds === undefined ? {} : { 'Retry-After': String(error.options.retryAfterSeconds) };
  const all = { ...headers, ...retry } as Record<string, string>;
  if (!prefersHtml(request) && !/^(\*\/\*)?$/.test(request.headers.accept ?? ''))
    return Reply.json(
      { error: error.id, message: error.sentence, request_id: id },
      { status: error.status, headers: all },
    );
  const place = consoleErrors.has(error.id) ? consoleFrameOf(request) : undefined;
  if (place) return consolePage(place, error, id, all);
  return Reply.page(
    'error',
    {
      ...wordsOf(error),
      ways: waysOn[error.id] ?? [],
      client: error.options.client,
      details: errorDetails({ ...error.options, id: error.id, status: error.status, requestId: id }),
      failedRequestHref: error.options.failedRequestHref,
      homeHref: routes.root,
    },
    { status: error.status, headers: all },
  );
}

/** What can be wrong with an address of the console. */
const consoleErrors: ReadonlySet<PageErrorId> = new Set(['record.not_found', 'page.forbidden', 'page.auditor']);

/** Within the console, where the list of the page is at hand. */
function consolePage(
  { frame, entry }: NonNullable<ReturnType<typeof consoleFrameOf>>,
  error: PageError,
  id: string,
  headers: Readonly<Record<string, string>>,
): Reply {
  return Reply.page(
    'console-error',
    {
      ...frame,
      ...wordsOf(error),
      error: true,
      entry,
      details: errorDetails({ ...error.options, id: error.id, status: error.status, requestId: id }),
    },
    { status: error.status, headers },
  );
}

/** Where a person can go on, if it is neither the start page nor the application. */
const waysOn: Readonly<Partial<Record<PageErrorId, readonly { readonly label: Text; readonly href: string }[]>>> = {
  'link.spent': [
    { label: text('error.way.signIn'), href: routes.login },
    { label: text('error.way.newPassword'), href: routes.forgotPassword },
  ],
  'sign_up.off': [{ label: text('error.way.signIn'), href: routes.login }],
  'sign_up.invitation': [{ label: text('error.way.signIn'), href: routes.login }],
};

/** Names the application, if the request of one failed. */
function wordsOf({ sentence, advice, options: { cause, client, detail } }: PageError): object {
  if (client) {
    const isDisabled = cause instanceof OAuthError && cause.reason === 'client.disabled';
    return {
      heading: text('error.client.heading', { client: client.name }),
      lead: text(isDisabled ? 'error.client.disabled' : 'error.client.refused'),
    };
  }
  return { heading: sentence, lead: detail === undefined || typeof detail === 'string' ? advice : detail };
}
