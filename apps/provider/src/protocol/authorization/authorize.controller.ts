import { Controller, Get, Inject, Param, Post, Req } from '@nestjs/common';
import {
  denyAuthorizationRequest,
  deviceCodeGrant,
  isSubset,
  OAuthError,
  type AuthorizationRequest,
  type Client,
} from '@gatehouse/domain/oauth';
import { Form, RepeatedParameter } from '@gatehouse/platform/http/form';
import { readForm } from '@gatehouse/platform/http/read-form';
import { Reply } from '@gatehouse/platform/http/reply';
import { query, type WebRequest } from '@gatehouse/platform/http/request';
import { FailedRequests } from '../../audit/failed-requests.service.js';
import { ClientsService } from '../../clients/clients.service.js';
import { ClientResolver } from '../../clients/resolver/client-resolver.service.js';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { PageError } from '../../web/page-error.js';
import { loginFor, routes } from '../../web/routes.js';
import { text } from '../../i18n/message.js';
import type { RequestContext } from '../../users/sessions/request-context.js';
import { RequestContexts } from '../../users/sessions/request-contexts.service.js';
import { Dispatcher } from './dispatcher.service.js';
import { ErrorResponses } from './error-responses.service.js';
import { clientIdOf, type Interaction } from './interaction.js';
import { Interactions } from './interactions.service.js';
import { isPushed, PushedRequests } from './pushed-requests.service.js';
import { RequestChecks, type RequestCheck } from './request-checks.service.js';

/** Longest query that a POST may be redirected to; Node's own header limit is 16 kB. */
const maxQueryCharacters = 12_000;
/** RFC 8707 2 */
const repeatable = ['resource'];

/** The authorization endpoint (RFC 6749 3.1) and the dispatcher of interactions. */
@Controller(routes.authorize)
// eslint-disable-next-line local/max-injected-dependencies -- the steps of an authorization request (client, pushed request, checks, dispatcher) are services already
export class AuthorizeController {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(RequestContexts) private readonly contexts: RequestContexts,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(ClientResolver) private readonly clientResolver: ClientResolver,
    @Inject(Dispatcher) private readonly dispatcher: Dispatcher,
    @Inject(Interactions) private readonly interactions: Interactions,
    @Inject(PushedRequests) private readonly pushed: PushedRequests,
    @Inject(RequestChecks) private readonly checks: RequestChecks,
    @Inject(FailedRequests) private readonly failedRequests: FailedRequests,
    @Inject(ErrorResponses) private readonly errors: ErrorResponses,
  ) {}

  @Get()
  async authorize(@Req() request: WebRequest): Promise<Reply> {
    // A HEAD is routed here too and must have no effect (RFC 9110 9.2.1), so it must not issue a code.
    if (request.method === 'HEAD') return Reply.empty(200, { 'Cache-Control': 'no-store' });
    const context = await this.contexts.open(request);
    const parameters = protocolParameters(query(request));
    const clientId = parameters.get('client_id');
    const client = clientId === undefined ? undefined : await this.findClient(clientId, context, parameters);
    const check = await this.check(parameters, client, context);
    if (check.kind !== 'accepted') this.note(context, check.error, parameters);
    if (check.kind === 'refused') throw this.errors.refusal(context, client, check.error);
    if (check.kind === 'denied')
      return this.errors.respond(context, { ...check, client, progress: check.interaction?.progress });
    return this.dispatcher.next(context, {
      id: check.interaction?.id,
      request: check.request,
      client: check.client,
      hintedUserId: check.hintedUserId,
      progress: check.interaction?.progress ?? { createdAt: context.now },
      once: check.interaction !== undefined,
    });
  }

  /**
   * OpenID Connect Core 3.1.2.1 requires POST as well. It redirects to the same request as a GET, because a POST from
   * another site does not carry the session cookie (SameSite=Lax).
   */
  @Post()
  async post(@Req() request: WebRequest): Promise<Reply> {
    const form = await readForm(request, { limitBytes: 64 * 1024 });
    protocolParameters(form);
    const search = new URLSearchParams(
      form.names.flatMap((name) => form.all(name).map((value): [string, string] => [name, value])),
    ).toString();
    if (search.length > maxQueryCharacters) throw new PageError('form.too_large');
    return Reply.redirect(`${routes.authorize}?${search}`);
  }

  /** The dispatcher, where every page of an interaction ends. */
  @Get(':id')
  async resume(@Req() request: WebRequest, @Param('id') id: string): Promise<Reply> {
    if (request.method === 'HEAD') return Reply.empty(200, { 'Cache-Control': 'no-store' });
    const context = await this.contexts.open(request);
    const interaction = await this.interactions.find(id, context.browser.hash, context.now);
    if (!interaction) throw new PageError('request.expired');
    if (interaction.kind === 'address') return this.resumeAddress(context, interaction.address, id);
    const client = await this.clients.find(clientIdOf(interaction) ?? '');
    if (!client) throw new PageError('request.expired', { detail: text('error.clientRemoved') });
    if (interaction.kind === 'device') return this.resumeDevice(context, interaction, client);
    // The interaction may be up to a day old: the client may no longer be allowed what the request asks for.
    const check = await this.checks.recheck(interaction.request, client);
    if (check.kind !== 'accepted') this.note(context, check.error, parametersOf(interaction.request));
    if (check.kind === 'refused') throw this.errors.refusal(context, client, check.error);
    if (check.kind === 'denied')
      return this.errors.respond(context, { ...check, client, progress: interaction.progress });
    return this.dispatcher.next(context, {
      id,
      request: check.request,
      client,
      hintedUserId: interaction.hintedUserId,
      progress: interaction.progress,
    });
  }

  private note({ request, user }: RequestContext, error: OAuthError, parameters: ReadonlyMap<string, string>): void {
    const administratorId = user?.roles.includes('admin') && isPageLoad(request) ? user.id : undefined;
    this.failedRequests.note({ request, endpoint: 'authorize', error, parameters, administratorId });
  }

  /** For a `client_id` that is a URL, fetches or revalidates its client ID metadata document. */
  private async findClient(
    clientId: string,
    context: RequestContext,
    parameters: ReadonlyMap<string, string>,
  ): Promise<Client | undefined> {
    try {
      return await this.clientResolver.resolve(clientId, context, context.now);
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      this.note(context, error, parameters);
      throw this.errors.refusal(context, undefined, error);
    }
  }

  /** Checks a request by value, or one that its client pushed (RFC 9126 4). */
  private async check(
    parameters: ReadonlyMap<string, string>,
    client: Client | undefined,
    context: RequestContext,
  ): Promise<RequestCheck & { readonly interaction?: Interaction }> {
    if (!client || client.disabledAt !== undefined) return this.checks.check(parameters, client, context);
    const requestUri = parameters.get('request_uri');
    if (requestUri !== undefined && isPushed(requestUri))
      return this.checkPushed(requestUri, parameters, client, context);
    if (this.settings.requirePar || client.requirePushedAuthorizationRequests)
      return denyAuthorizationRequest(
        parameters,
        client,
        new OAuthError('invalid_request', 'This client must push its authorization requests (RFC 9126).', {
          reason: 'par.required',
        }),
      );
    return this.checks.check(parameters, client, context);
  }

  private async checkPushed(
    requestUri: string,
    parameters: ReadonlyMap<string, string>,
    client: Client,
    context: RequestContext,
  ): Promise<RequestCheck & { readonly interaction?: Interaction }> {
    try {
      if (parameters.has('request'))
        throw new OAuthError('invalid_request', 'A request must not contain both request and request_uri.', {
          reason: 'request_object.two',
        });
      const owner = {
        browserHash: context.browser.hash,
        addressKey: context.addressKey,
        userId: context.session?.userId,
      };
      const interaction = await this.pushed.use(requestUri, client, owner, context.now);
      const check = await this.checks.recheck(interaction.request, client);
      return check.kind === 'accepted'
        ? { ...check, client, hintedUserId: interaction.hintedUserId, interaction }
        : check;
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      // The redirect URI is part of the pushed request: an error is sent to one that the query names, never to a default.
      return parameters.has('redirect_uri')
        ? denyAuthorizationRequest(parameters, client, error)
        : { kind: 'refused', error };
    }
  }

  /** Denies the device if the client is no longer allowed what the request asks for. */
  private resumeDevice(
    context: RequestContext,
    interaction: Interaction & { kind: 'device' },
    client: Client,
  ): Promise<Reply> {
    const { id, device, progress } = interaction;
    const isStillAllowed =
      client.disabledAt === undefined &&
      client.grantTypes.includes(deviceCodeGrant) &&
      isSubset(device.scope, client.scope);
    if (!isStillAllowed) return this.dispatcher.denyDevice(context, id, device);
    return this.dispatcher.nextForDevice(context, { id, device, client, progress });
  }

  private resumeAddress(context: RequestContext, address: string, id: string): Reply {
    const { cookies } = context;
    if (context.user) return Reply.redirect(address, { cookies });
    if (context.session) return Reply.redirect(`${routes.secondFactor}?request=${encodeURIComponent(id)}`, { cookies });
    return Reply.redirect(id ? `${routes.login}?request=${encodeURIComponent(id)}` : loginFor(address), { cookies });
  }
}

function protocolParameters(form: Form): ReadonlyMap<string, string> {
  try {
    return form.protocolParameters(repeatable);
  } catch (error) {
    // RFC 6749 3.1: a repeated parameter makes the whole request ambiguous, including its redirect URI.
    if (error instanceof RepeatedParameter)
      throw new PageError('request.refused', {
        cause: error,
        detail: `The parameter ${error.parameter.slice(0, 40)} is repeated.`,
      });
    throw error;
  }
}

/** The parameters of an interaction that explain a failed request. */
function parametersOf(request: AuthorizationRequest): ReadonlyMap<string, string> {
  return new Map([
    ['client_id', request.clientId],
    ['redirect_uri', request.redirectUri],
    ['response_type', request.responseType],
    ['scope', request.scope.join(' ')],
  ]);
}

/** Whether a browser opens a page, rather than loads an image or frame for another one (Fetch Metadata); also unknown browsers. */
function isPageLoad({ headers }: WebRequest): boolean {
  const mode = headers['sec-fetch-mode'];
  const destination = headers['sec-fetch-dest'];
  return (mode === undefined || mode === 'navigate') && (destination === undefined || destination === 'document');
}
