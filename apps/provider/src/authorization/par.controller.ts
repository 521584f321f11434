import { Controller, Get, Inject, Options, Post, Req, UseFilters } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import {
  checkProofUnderProfile,
  OAuthError,
  type AuthorizationRequest,
  type Client,
  type DpopProof,
} from '@gatehouse/domain/oauth';
import { Clock } from '@gatehouse/server/clock';
import { Reply } from '@gatehouse/server/web/reply';
import type { WebRequest } from '@gatehouse/server/web/request';
import { ClientAuthenticator } from '../clients/authentication/authenticator.js';
import { postOnly, readProtocolRequest } from '../clients/authentication/protocol-request.js';
import { CrossOrigin } from '../clients/cross-origin.service.js';
import { Refusals } from '../audit/refusals.service.js';
import type { PresentedCredentials } from '../clients/authentication/client-authentication.js';
import { DpopProofs } from '../dpop/dpop-proofs.service.js';
import { corsHeaders, preflight } from '../http/cors.js';
import { nonceHeaders } from '../http/dpop-nonce.js';
import { OAuthErrorFilter } from '../http/oauth-error.filter.js';
import { routes } from '../http/routes.js';
import type { KeptAuthorization } from './kept-request.js';
import { PushedRequests } from './pushed-requests.service.js';
import { RequestChecks } from './request-checks.service.js';

/** The pushed authorization request endpoint (RFC 9126 2): the client proves itself before a browser is involved. */
@Controller(routes.par)
@UseFilters(OAuthErrorFilter)
export class PushedRequestController {
  constructor(
    @Inject(Clock) private readonly clock: Clock,
    @Inject(CrossOrigin) private readonly crossOrigin: CrossOrigin,
    @Inject(ClientAuthenticator) private readonly authenticator: ClientAuthenticator,
    @Inject(DpopProofs) private readonly proofs: DpopProofs,
    @Inject(RequestChecks) private readonly checks: RequestChecks,
    @Inject(PushedRequests) private readonly pushed: PushedRequests,
    @Inject(Refusals) private readonly refusals: Refusals,
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
    try {
      return await this.answer(request, credentials);
    } catch (error) {
      if (error instanceof OAuthError) this.refusals.note(request, 'par', error, credentials.parameters);
      throw error;
    }
  }

  private async answer(request: WebRequest, credentials: PresentedCredentials): Promise<Reply> {
    const now = this.clock.now();
    const client = await this.authenticator.authenticate(credentials, now);
    // RFC 9126 2.1: MUST reject; it would stand for a request that stands for another one.
    if (credentials.parameters.has('request_uri'))
      throw new OAuthError('invalid_request', 'A pushed request holds no request_uri.', { reason: 'par.request_uri' });
    // Whoever proved itself by a header or an assertion need not name itself again.
    const parameters = new Map(credentials.parameters).set('client_id', client.id);
    const check = await this.checks.check(parameters, client, {
      now,
      addressKey: credentials.asker().addressKey,
    });
    if (check.kind !== 'accepted') throw check.error;
    const dpop = this.proofs.verify(request, now);
    if (dpop) checkProofUnderProfile(dpop, client.securityProfile, now);
    const dpopJkt = keyOf(dpop, check.request);
    const requestUri = await this.keep(
      {
        kind: 'authorization',
        request: { ...check.request, ...(dpopJkt === undefined ? {} : { dpopJkt }) },
        hintedUserId: check.hintedUserId,
      },
      { client, dpop },
      now,
    );
    return Reply.json(
      { request_uri: requestUri, expires_in: this.pushed.lifetimeSeconds(client) },
      { status: 201, headers: { 'Cache-Control': 'no-store', ...nonceHeaders(request), ...corsHeaders(request) } },
    );
  }

  /** Stores the request and spends its proof in one unit. */
  private async keep(
    content: KeptAuthorization,
    { client, dpop }: { readonly client: Client; readonly dpop: DpopProof | undefined },
    now: EpochSeconds,
  ): Promise<string> {
    try {
      return await this.pushed.push(content, client, now, (unit) => this.proofs.spend(unit, dpop, now));
    } catch (error) {
      throw this.proofs.replayed(error) ?? error;
    }
  }
}

/** The key that alone may redeem the code: that of the proof, or the one named; the same where both come (RFC 9449 10.1). */
function keyOf(dpop: DpopProof | undefined, { dpopJkt }: AuthorizationRequest): string | undefined {
  if (dpop !== undefined && dpopJkt !== undefined && dpop.jkt !== dpopJkt)
    throw new OAuthError('invalid_request', 'The dpop_jkt is not the key of the DPoP proof.', {
      reason: 'dpop_jkt.other_key',
    });
  return dpop?.jkt ?? dpopJkt;
}
