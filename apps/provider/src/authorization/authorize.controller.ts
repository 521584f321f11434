import { Controller, Get, Inject, Param, Post, Req } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import {
  checkAuthorizationRequest,
  denyAuthorizationRequest,
  OAuthError,
  recheckAuthorizationRequest,
  targetOf,
  type AuthorizationCheck,
  type Client,
} from '@gatehouse/domain/oauth';
import { Form, RepeatedParameter } from '@gatehouse/server/web/form';
import { readForm } from '@gatehouse/server/web/read-form';
import { Reply } from '@gatehouse/server/web/reply';
import { query, type WebRequest } from '@gatehouse/server/web/request';
import { ClientsService } from '../clients/clients.service.js';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { PageError } from '../http/page-error.js';
import { loginFor, routes } from '../http/routes.js';
import { IdTokenHints } from '../issuance/id-token-hints.service.js';
import { ResourcesService } from '../resources/resources.service.js';
import type { Visit } from '../users/visit.js';
import { Visits } from '../users/visits.service.js';
import { Dispatcher } from './dispatcher.service.js';
import { KeptRequestsService } from './kept-requests.service.js';
import { RequestObjects } from './request-objects.service.js';

/** Longest query that a POST may turn into; Node's own header limit is 16 kB. */
const mostQueryCharacters = 12_000;
/** RFC 8707 2 */
const repeatable = ['resource'];

/** The authorization endpoint (RFC 6749 3.1) and the dispatcher of kept requests. */
@Controller(routes.authorize)
export class AuthorizeController {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(Visits) private readonly visits: Visits,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(Dispatcher) private readonly dispatcher: Dispatcher,
    @Inject(KeptRequestsService) private readonly kept: KeptRequestsService,
    @Inject(RequestObjects) private readonly requestObjects: RequestObjects,
    @Inject(ResourcesService) private readonly resources: ResourcesService,
    @Inject(IdTokenHints) private readonly hints: IdTokenHints,
  ) {}

  @Get()
  async authorize(@Req() request: WebRequest): Promise<Reply> {
    // A HEAD is routed here too, and must have no effect (RFC 9110 9.2.1): a code would be one.
    if (request.method === 'HEAD') return Reply.empty(200, { 'Cache-Control': 'no-store' });
    const visit = await this.visits.open(request);
    const parameters = protocolParameters(query(request));
    const clientId = parameters.get('client_id');
    const client = clientId === undefined ? undefined : await this.clients.find(clientId);
    const check = await this.checkTargets(await this.check(parameters, client, visit.now));
    if (check.kind === 'refused') throw refused(check.error);
    if (check.kind === 'denied') return this.dispatcher.deny(visit, check, check.error);
    if (!client) throw new Error('an accepted request names a client');
    const hintedUserId = await this.hintedUser(check.request.idTokenHint, client.id, visit);
    if (hintedUserId === null) {
      const error = new OAuthError('invalid_request', 'The id_token_hint is not an ID token of this server.', {
        reason: 'id_token_hint.foreign',
      });
      return this.dispatcher.deny(visit, check.request, error);
    }
    return this.dispatcher.next(visit, {
      id: undefined,
      request: check.request,
      client,
      hintedUserId,
      progress: { createdAt: visit.now },
    });
  }

  /**
   * OpenID Connect Core 3.1.2.1: POST as well. It is answered by a GET of the same request, because a POST from
   * another site comes without our (SameSite=Lax) session cookie.
   */
  @Post()
  async post(@Req() request: WebRequest): Promise<Reply> {
    const form = await readForm(request, { limitBytes: 64 * 1024 });
    protocolParameters(form);
    const search = new URLSearchParams(
      form.names.flatMap((name) => form.all(name).map((value): [string, string] => [name, value])),
    ).toString();
    if (search.length > mostQueryCharacters) throw new PageError('form.too_large');
    return Reply.redirect(`${routes.authorize}?${search}`);
  }

  /** Where every page of a login ends. */
  @Get(':id')
  async resume(@Req() request: WebRequest, @Param('id') id: string): Promise<Reply> {
    if (request.method === 'HEAD') return Reply.empty(200, { 'Cache-Control': 'no-store' });
    const visit = await this.visits.open(request);
    const kept = await this.kept.find(id, visit.browser.hash, visit.now);
    if (!kept) throw new PageError('request.expired');
    if (kept.kind === 'address') return this.resumeAddress(visit, kept.address, id);
    const client = await this.clients.find(kept.request.clientId);
    if (!client) throw new PageError('request.expired', { detail: 'The application was removed meanwhile.' });
    // It was kept for up to a day: the client may have lost since what the request rests on.
    const check = await this.checkTargets(recheckAuthorizationRequest(kept.request, client));
    if (check.kind === 'refused') throw refused(check.error);
    if (check.kind === 'denied') return this.dispatcher.deny(visit, check, check.error);
    return this.dispatcher.next(visit, {
      id,
      request: kept.request,
      client,
      hintedUserId: kept.hintedUserId,
      progress: kept.progress,
    });
  }

  private async check(
    parameters: ReadonlyMap<string, string>,
    client: Client | undefined,
    now: EpochSeconds,
  ): Promise<AuthorizationCheck> {
    const policy = { pkce: this.settings.pkce };
    const hasObject = parameters.has('request') || parameters.has('request_uri');
    if (!hasObject || !client || client.disabledAt !== undefined)
      return checkAuthorizationRequest(parameters, client, policy);
    try {
      return checkAuthorizationRequest(await this.requestObjects.resolve(parameters, client, now), client, policy);
    } catch (error) {
      if (error instanceof OAuthError) return denyAuthorizationRequest(parameters, client, error);
      throw error;
    }
  }

  /** That every API that access is asked for is there, and that one token does for all of them (RFC 8707 2). */
  private async checkTargets(check: AuthorizationCheck): Promise<AuthorizationCheck> {
    if (check.kind !== 'accepted' || !check.request.resources) return check;
    try {
      targetOf(await this.resources.getAll(check.request.resources), check.request.scope);
      return check;
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      const { redirectUri, responseMode, state } = check.request;
      return { kind: 'denied', redirectUri, responseMode, state, error };
    }
  }

  /** The subject of a hint that we signed, expired or not (OpenID Connect Core 3.1.2.1); null for one that is not ours. */
  private async hintedUser(
    hint: string | undefined,
    clientId: string,
    { now }: Visit,
  ): Promise<string | undefined | null> {
    if (hint === undefined) return undefined;
    const subject = (await this.hints.verify(hint, clientId, now))?.['sub'];
    return typeof subject === 'string' ? subject : null;
  }

  private resumeAddress(visit: Visit, address: string, id: string): Reply {
    const { cookies } = visit;
    if (visit.user) return Reply.redirect(address, { cookies });
    if (visit.session) return Reply.redirect(`${routes.secondFactor}?request=${encodeURIComponent(id)}`, { cookies });
    return Reply.redirect(id ? `${routes.login}?request=${encodeURIComponent(id)}` : loginFor(address), { cookies });
  }
}

function protocolParameters(form: Form): ReadonlyMap<string, string> {
  try {
    return form.protocolParameters(repeatable);
  } catch (error) {
    // RFC 6749 3.1: a repeated parameter makes the whole request doubtful, its redirect URI included.
    if (error instanceof RepeatedParameter)
      throw new PageError('request.refused', {
        cause: error,
        detail: `The parameter ${error.parameter.slice(0, 40)} is repeated.`,
      });
    throw error;
  }
}

function refused(error: OAuthError): PageError {
  return new PageError('request.refused', { cause: error, detail: error.description });
}
