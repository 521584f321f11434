import { Controller, Get, Inject, Post, Req } from '@nestjs/common';
import type { Client } from '@gatehouse/domain/oauth';
import { checkEndSession } from '@gatehouse/domain/oidc';
import { RepeatedParameter, type Form } from '@gatehouse/server/web/form';
import { CSRF_FIELD, PageForms } from '@gatehouse/server/web/page-forms';
import { isFromOurselves } from '@gatehouse/server/web/origin-check';
import { readForm } from '@gatehouse/server/web/read-form';
import { Reply } from '@gatehouse/server/web/reply';
import { query, type WebRequest } from '@gatehouse/server/web/request';
import { ClientsService } from '../clients/clients.service.js';
import { Subjects } from '../clients/subjects.service.js';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { PageError } from '../http/page-error.js';
import { routes } from '../http/routes.js';
import { schemesOf } from '../http/form-action.js';
import { IdTokenHints } from '../issuance/id-token-hints.service.js';
import { text, type Sentence } from '../texts/text.js';
import type { Visit } from '../users/visit.js';
import { Visits } from '../users/visits.service.js';
import { donePage } from './done-page.js';
import { Logouts } from './logouts.service.js';

const mostQueryCharacters = 12_000;
const parameterNames = ['id_token_hint', 'client_id', 'post_logout_redirect_uri', 'state', 'logout_hint', 'ui_locales'];

interface LogoutRequest {
  readonly client: Client | undefined;
  readonly confirmed: boolean;
  readonly redirectUri: string | undefined;
  /** As they came, for the form that asks. */
  readonly fields: readonly { readonly name: string; readonly value: string }[];
  readonly languages: readonly string[] | undefined;
}

/** Logout that a client asks for (OpenID Connect RP-Initiated Logout 1.0). */
@Controller(routes.endSession)
export class EndSessionController {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(Visits) private readonly visits: Visits,
    @Inject(PageForms) private readonly forms: PageForms,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(Subjects) private readonly subjects: Subjects,
    @Inject(IdTokenHints) private readonly hints: IdTokenHints,
    @Inject(Logouts) private readonly logouts: Logouts,
  ) {}

  @Get()
  async endSession(@Req() request: WebRequest): Promise<Reply> {
    const visit = await this.visits.open(request);
    const asked = await this.check(visit, query(request));
    if (asked.confirmed) return this.end(visit, asked);
    // Nobody proved that they ask: somebody who is not logged in is shown a way back, not sent off.
    if (!visit.session) return this.done(visit, asked);
    return this.ask(visit, asked);
  }

  /** From another site it becomes a GET, which carries our cookie; from our own page it is the answer to the question. */
  @Post()
  async post(@Req() request: WebRequest): Promise<Reply> {
    const isOurForm = isFromOurselves(request, this.settings.issuer);
    if (!isOurForm) return this.asGet(await readForm(request, { limitBytes: 64 * 1024 }));
    const { form, refusal } = await this.forms.read(request);
    const visit = await this.visits.open(request);
    const asked = await this.check(visit, form.without('logout', CSRF_FIELD));
    if (!form.has('logout')) return this.asGet(form);
    if (refusal) return this.ask(visit, asked, 403, text(refusal.id));
    if (form.get('logout') === 'yes') return this.end(visit, asked);
    return Reply.redirect(routes.home, { cookies: visit.cookies });
  }

  private asGet(form: Form): Reply {
    protocolParameters(form);
    const search = new URLSearchParams(
      parameterNames.flatMap((name): [string, string][] => (form.has(name) ? [[name, form.text(name)]] : [])),
    ).toString();
    if (search.length > mostQueryCharacters) throw new PageError('form.too_large');
    return Reply.redirect(`${routes.endSession}?${search}`);
  }

  private async check(visit: Visit, form: Form): Promise<LogoutRequest> {
    const parameters = protocolParameters(form);
    const clientId = parameters.get('client_id');
    const hint = parameters.get('id_token_hint');
    // An expired ID token still says who asks (RP-Initiated Logout 4); one that is not ours says nothing.
    const claims = hint === undefined ? undefined : await this.hints.verify(hint, clientId, visit.now);
    const audience = typeof claims?.['aud'] === 'string' ? claims['aud'] : undefined;
    // RP-Initiated Logout 2: where both are sent they must agree.
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
      session: visit.session && {
        // As this client knows the person.
        userId: client ? await this.subjects.of(client, visit.session.userId) : visit.session.userId,
        id: visit.session.id,
      },
    });
    const fields = parameterNames.flatMap((name) => {
      const value = parameters.get(name);
      return value === undefined ? [] : [{ name, value }];
    });
    return { client, ...checked, fields, languages: parameters.get('ui_locales')?.split(' ') };
  }

  private async end(visit: Visit, asked: LogoutRequest): Promise<Reply> {
    const frames = await this.logouts.end(visit, asked.client?.id);
    // The browser goes on by itself where there is nobody to tell in a frame first.
    if (asked.redirectUri !== undefined && frames.length === 0)
      return Reply.redirect(asked.redirectUri, { cookies: [...visit.cookies, ...this.visits.noSessionCookies()] });
    return this.done(visit, asked, frames);
  }

  private done(visit: Visit, asked: LogoutRequest, frames: readonly string[] = []): Reply {
    return donePage(this.visits, visit, {
      wasLoggedIn: visit.session !== undefined,
      clientName: asked.client?.name,
      backHref: asked.redirectUri,
      frames,
      languages: asked.languages,
    });
  }

  private ask(visit: Visit, asked: LogoutRequest, status = 200, error?: Sentence): Reply {
    const schemes = asked.redirectUri === undefined ? [] : schemesOf(asked.redirectUri);
    return this.visits.page(
      visit,
      'logout/confirm',
      { action: routes.endSession, clientName: asked.client?.name, fields: asked.fields, error },
      { status, formActionSchemes: schemes, languages: asked.languages },
    );
  }
}

/** RFC 6749 3.1: a repeated parameter makes the whole request doubtful. */
function protocolParameters(form: Form): ReadonlyMap<string, string> {
  try {
    return form.protocolParameters();
  } catch (error) {
    if (error instanceof RepeatedParameter)
      throw new PageError('request.refused', { cause: error, detail: 'A parameter is repeated.' });
    throw error;
  }
}
