import { Controller, Get, Inject, Options, Post, Req, UseFilters } from '@nestjs/common';
import { OAuthError } from '@gatehouse/domain/oauth';
import { Clock } from '@gatehouse/server/clock';
import { Reply } from '@gatehouse/server/web/reply';
import type { WebRequest } from '@gatehouse/server/web/request';
import { ClientAuthenticator } from '../clients/authentication/authenticator.js';
import { postOnly, readProtocolRequest } from '../clients/authentication/protocol-request.js';
import { CrossOrigin } from '../clients/cross-origin.service.js';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { corsHeaders, preflight } from '../http/cors.js';
import { OAuthErrorFilter } from '../http/oauth-error.filter.js';
import { routes } from '../http/routes.js';
import { PushedRequests } from './pushed-requests.service.js';
import { RequestChecks } from './request-checks.service.js';

/** The pushed authorization request endpoint (RFC 9126 2): the client proves itself before a browser is involved. */
@Controller(routes.par)
@UseFilters(OAuthErrorFilter)
export class PushedRequestController {
  constructor(
    @Inject(Clock) private readonly clock: Clock,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(CrossOrigin) private readonly crossOrigin: CrossOrigin,
    @Inject(ClientAuthenticator) private readonly authenticator: ClientAuthenticator,
    @Inject(RequestChecks) private readonly checks: RequestChecks,
    @Inject(PushedRequests) private readonly pushed: PushedRequests,
  ) {}

  @Options()
  preflight(@Req() request: WebRequest): Reply {
    return preflight(request);
  }

  @Get()
  wrongMethod(): Reply {
    return postOnly();
  }

  @Post()
  async push(@Req() request: WebRequest): Promise<Reply> {
    await this.crossOrigin.check(request);
    const credentials = await readProtocolRequest(request);
    const now = this.clock.now();
    const client = await this.authenticator.authenticate(credentials, now);
    // RFC 9126 2.1: MUST reject; it would stand for a request that stands for another one.
    if (credentials.parameters.has('request_uri'))
      throw new OAuthError('invalid_request', 'A pushed request holds no request_uri.', { reason: 'par.request_uri' });
    // Whoever proved itself by a header or an assertion need not name itself again.
    const parameters = new Map(credentials.parameters).set('client_id', client.id);
    const check = await this.checks.check(parameters, client, now);
    if (check.kind !== 'accepted') throw check.error;
    const requestUri = await this.pushed.push(
      { kind: 'authorization', request: check.request, hintedUserId: check.hintedUserId },
      client,
      now,
    );
    return Reply.json(
      { request_uri: requestUri, expires_in: this.settings.pushedRequestLifetimeSeconds },
      { status: 201, headers: { 'Cache-Control': 'no-store', ...corsHeaders(request) } },
    );
  }
}
