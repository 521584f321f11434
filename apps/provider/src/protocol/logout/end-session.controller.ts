import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import type { Client } from '@gatehouse/domain/oauth';
import { checkEndSession, mayEndSessionFromServer, type EndSessionCheck } from '@gatehouse/domain/oidc';
import { RepeatedParameter, type Form } from '@gatehouse/platform/http/form';
import { CSRF_FIELD, PageForms } from '@gatehouse/platform/http/page-forms';
import { isSameOriginForm } from '@gatehouse/platform/http/origin-check';
import { readForm } from '@gatehouse/platform/http/read-form';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, prefersHtml, type WebRequest } from '@gatehouse/platform/http/request';
import { ClientLogos } from '../../clients/client-logos.service.js';
import { ClientsService } from '../../clients/clients.service.js';
import { Subjects } from '../../clients/subjects.service.js';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { CurrentSettings } from '../../settings/current-settings.js';
import { PageError } from '../../web/page-error.js';
import { routes } from '../../web/routes.js';
import { schemesOf } from '../../web/form-action.js';
import { IdTokenHints, type IdTokenHint } from '../../tokens/id-token-hints.service.js';
import { SessionsService } from '../../users/sessions/sessions.service.js';
import { joined, text, type Message } from '../../i18n/message.js';
import type { RequestContext } from '../../users/sessions/request-context.js';
import { RequestContexts } from '../../users/sessions/request-contexts.service.js';
import { donePage } from './done-page.js';
import { Logouts } from './logouts.service.js';

const maxQueryCharacters = 12_000;
const parameterNames = ['id_token_hint', 'client_id', 'post_logout_redirect_uri', 'state', 'logout_hint', 'ui_locales'];

interface LogoutRequest extends EndSessionCheck {
  readonly client: Client | undefined;
  readonly hint: IdTokenHint | undefined;
  /** The received parameters, for the confirmation form. */
  readonly fields: readonly { readonly name: string; readonly value: string }[];
  readonly languages: readonly string[] | undefined;
}

/** Logout at the request of a client (OpenID Connect RP-Initiated Logout 1.0). */
@Controller(routes.endSession)
// eslint-disable-next-line local/max-injected-dependencies -- the hint names client, subject and session, and the page asks for confirmation
export class EndSessionController {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(CurrentSettings) private readonly current: CurrentSettings,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(Subjects) private readonly subjects: Subjects,
    @Inject(IdTokenHints) private readonly hints: IdTokenHints,
    @Inject(SessionsService) private readonly sessions: SessionsService,
    @Inject(Logouts) private readonly logouts: Logouts,
    @Inject(ClientLogos) private readonly logos: ClientLogos,
  ) {}

  @Get()
  async endSession(@Req() request: WebRequest): Promise<Reply> {
    const context = await this.contexts.open(request);
    const logoutRequest = await this.check(context, query(request));
    // An unregistered URI may be a mistake or an attack: the session is not ended without the user's confirmation.
    if (logoutRequest.isSessionOfHint && logoutRequest.redirectProblem === undefined)
      return this.end(context, logoutRequest);
    if (context.session) return this.confirm(context, logoutRequest);
    const response = isFromServer(request) ? await this.endFromServer(context, logoutRequest) : undefined;
    // RFC 9700 4.11.2: a link to the application, but no redirect, unless the session is that of the hint.
    return response ?? this.done(context, logoutRequest);
  }

  /** From another site it is redirected to a GET, which carries the session cookie; from this server it is the confirmation form. */
  @Post()
  async post(@Req() request: WebRequest): Promise<Reply> {
    const isOwnForm = isSameOriginForm(request, this.settings.issuer);
    if (!isOwnForm) return this.asGet(await readForm(request, { limitBytes: 64 * 1024 }));
    const { form, refusal } = await this.forms.read(request);
    const context = await this.contexts.open(request);
    const logoutRequest = await this.check(context, form.without('logout', CSRF_FIELD));
    if (!form.has('logout')) return this.asGet(form);
    if (refusal) return this.confirm(context, logoutRequest, text(refusal.id));
    if (form.get('logout') === 'yes') return this.end(context, logoutRequest);
    return Reply.redirect(routes.home, { cookies: context.cookies });
  }

  private asGet(form: Form): Reply {
    protocolParameters(form);
    const search = new URLSearchParams(
      parameterNames.flatMap((name): [string, string][] => (form.has(name) ? [[name, form.text(name)]] : [])),
    ).toString();
    if (search.length > maxQueryCharacters) throw new PageError('form.too_large');
    return Reply.redirect(`${routes.endSession}?${search}`);
  }

  private async check(context: RequestContext, form: Form): Promise<LogoutRequest> {
    const parameters = protocolParameters(form);
    const clientId = parameters.get('client_id');
    const hint = parameters.get('id_token_hint');
    // An expired ID token still identifies the client (RP-Initiated Logout 4); one of another issuer is ignored.
    const verifiedHint = hint === undefined ? undefined : await this.hints.read(hint, clientId, context.now);
    const claims = verifiedHint?.claims;
    const audience = typeof claims?.['aud'] === 'string' ? claims['aud'] : undefined;
    // RP-Initiated Logout 2: if both are sent, they must match.
    if (clientId !== undefined && audience !== undefined && clientId !== audience)
      throw new PageError('request.refused', { detail: 'The ID token was not issued to this client.' });
    const id = clientId ?? audience;
    const client = id === undefined ? undefined : await this.clients.find(id);
    const subject = claims?.['sub'];
    const sessionId = claims?.['sid'];
    const checked = checkEndSession({
      hint:
        typeof subject === 'string'
          ? { subject, sessionId: typeof sessionId === 'string' ? sessionId : undefined }
          : undefined,
      client,
      postLogoutRedirectUri: parameters.get('post_logout_redirect_uri'),
      state: parameters.get('state'),
      session: context.session && {
        // The subject as this client knows it.
        userId: client ? await this.subjects.of(client, context.session.userId) : context.session.userId,
        id: context.session.id,
      },
    });
    const fields = parameterNames.flatMap((name) => {
      const value = parameters.get(name);
      return value === undefined ? [] : [{ name, value }];
    });
    return { client, hint: verifiedHint, ...checked, fields, languages: parameters.get('ui_locales')?.split(' ') };
  }

  private async end(context: RequestContext, logoutRequest: LogoutRequest): Promise<Reply> {
    const frames = await this.logouts.end(context, logoutRequest.client?.id);
    // Redirects at once if no client must be notified in a frame first.
    if (logoutRequest.redirectUri !== undefined && frames.length === 0)
      return Reply.redirect(logoutRequest.redirectUri, {
        cookies: [...context.cookies, ...this.contexts.noSessionCookies()],
      });
    return this.done(context, logoutRequest, frames);
  }

  /**
   * Ends the session that an ID token names at the request of its client's server, which has no browser and no cookies
   * (oauth2-proxy's `--backend-logout-url`).
   * @returns undefined when the request does not qualify: then the session is not ended
   */
  private async endFromServer(
    context: RequestContext,
    { client, hint, redirectProblem }: LogoutRequest,
  ): Promise<Reply | undefined> {
    if (!client || hint?.signedBy !== 'server key') return undefined;
    const { claims } = hint;
    const sessionId = claims['sid'];
    const session = typeof sessionId === 'string' ? await this.sessions.findById(sessionId, context.now) : undefined;
    // A changed setting is for new sessions: an existing one keeps the lifetime that it began with.
    const sessionLifetimeSeconds = session
      ? session.expiresAt - session.authTime
      : this.current.current().sessionLifetimeSeconds;
    if (!mayEndSessionFromServer({ claims, client, sessionLifetimeSeconds, now: context.now })) return undefined;
    if (redirectProblem !== undefined)
      return Reply.json(
        {
          error: 'invalid_request',
          error_description: 'post_logout_redirect_uri is not registered for this client. The session was not ended.',
        },
        { status: 400 },
      );
    const isOfSubject = session !== undefined && (await this.subjects.of(client, session.userId)) === claims['sub'];
    const ended = isOfSubject && (await this.logouts.endFromServer(session, client.id, context));
    return Reply.json({ session_ended: ended });
  }

  private done(context: RequestContext, logoutRequest: LogoutRequest, frames: readonly string[] = []): Reply {
    return donePage(this.contexts, context, {
      wasLoggedIn: context.session !== undefined,
      clientName: logoutRequest.client?.name,
      backHref: logoutRequest.redirectUri,
      frames,
      error: redirectError(logoutRequest),
      languages: logoutRequest.languages,
    });
  }

  /** @param refusal why the form was rejected */
  private confirm(context: RequestContext, logoutRequest: LogoutRequest, refusal?: Message): Reply {
    const schemes = logoutRequest.redirectUri === undefined ? [] : schemesOf(logoutRequest.redirectUri);
    const problem = redirectError(logoutRequest);
    const error = problem === undefined ? refusal : joined(refusal, problem);
    return this.contexts.page(
      context,
      'logout/confirm',
      {
        action: routes.endSession,
        clientName: logoutRequest.client?.name,
        clientLogo: this.logos.addressOf(logoutRequest.client),
        fields: logoutRequest.fields,
        error,
      },
      { status: refusal === undefined ? 200 : 403, formActionSchemes: schemes, languages: logoutRequest.languages },
    );
  }
}

function redirectError({ redirectProblem, client }: LogoutRequest): Message | undefined {
  switch (redirectProblem) {
    case 'unknown_client':
      return text('logout.addressWithoutClient');
    case 'unregistered':
      return text('logout.addressUnregistered', { client: client?.name });
    case undefined:
      return undefined;
  }
}

/** True for a request without any header that browsers send: cookies, Fetch Metadata, Origin, a preference for pages. */
function isFromServer(request: WebRequest): boolean {
  const { headers } = request;
  return (
    headers.cookie === undefined &&
    headers.origin === undefined &&
    !prefersHtml(request) &&
    !Object.keys(headers).some((name) => name.startsWith('sec-fetch-'))
  );
}

/** RFC 6749 3.1: a repeated parameter makes the whole request ambiguous. */
function protocolParameters(form: Form): ReadonlyMap<string, string> {
  try {
    return form.protocolParameters();
  } catch (error) {
    if (error instanceof RepeatedParameter)
      throw new PageError('request.refused', { cause: error, detail: 'A parameter is repeated.' });
    throw error;
  }
}
