import { All, Controller, Inject, Options, Post, Req, UseFilters } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { OAuthError, type AuthorizationRequest, type Client, type DpopProof } from '@gatehouse/domain/oauth';
import { Reply } from '@gatehouse/platform/http/reply';
import type { WebRequest } from '@gatehouse/platform/http/request';
import { DpopProofs } from '../dpop/dpop-proofs.service.js';
import { OAuthErrorFilter } from '../../web/oauth-error.filter.js';
import { corsHeaders } from '../../web/cors.js';
import { nonceHeaders } from '../../web/dpop-nonce-header.js';
import { routes } from '../../web/routes.js';
import { ProtocolEndpoints, type ClientCall, type ProtocolEndpoint } from '../endpoint.js';
import type { AuthorizationInteraction } from './interaction.js';
import { PushedRequests } from './pushed-requests.service.js';
import { RequestChecks } from './request-checks.service.js';

/** The pushed authorization request endpoint (RFC 9126 2): the client authenticates before a browser is involved. */
@Controller(routes.par)
@UseFilters(OAuthErrorFilter)
export class PushedRequestController {
  private readonly endpoint: ProtocolEndpoint;

  constructor(
    @Inject(ProtocolEndpoints) endpoints: ProtocolEndpoints,
    @Inject(DpopProofs) private readonly proofs: DpopProofs,
    @Inject(RequestChecks) private readonly checks: RequestChecks,
    @Inject(PushedRequests) private readonly pushed: PushedRequests,
  ) {
    this.endpoint = endpoints.of({ name: 'par', methods: 'POST', cors: 'registered origins' });
  }

  @Post()
  push(@Req() request: WebRequest): Promise<Reply> {
    return this.endpoint.handleClient(request, this.respond);
  }

  @Options()
  preflight(@Req() request: WebRequest): Reply {
    return this.endpoint.preflight(request);
  }

  @All()
  wrongMethod(@Req() request: WebRequest): Promise<Reply> {
    return this.endpoint.wrongMethod(request);
  }

  private readonly respond = async (call: ClientCall, client: Client): Promise<Reply> => {
    const { request, now } = call;
    // RFC 9126 2.1: MUST reject; a pushed request cannot refer to another request.
    if (call.parameters.has('request_uri'))
      throw new OAuthError('invalid_request', 'A pushed request must not contain request_uri.', {
        reason: 'par.request_uri',
      });
    // A client that authenticated by a header or an assertion need not send client_id.
    const parameters = new Map(call.parameters).set('client_id', client.id);
    const check = await this.checks.check(parameters, client, {
      now,
      addressKey: call.requester().addressKey,
    });
    if (check.kind !== 'accepted') throw check.error;
    const dpop = this.endpoint.checkSender(call, client);
    const dpopJkt = dpopThumbprintOf(dpop, check.request);
    const requestUri = await this.store(
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
  };

  /** Stores the request and consumes its DPoP proof in one unit of work. */
  private async store(
    content: AuthorizationInteraction,
    { client, dpop }: { readonly client: Client; readonly dpop: DpopProof | undefined },
    now: EpochSeconds,
  ): Promise<string> {
    try {
      return await this.pushed.push(content, client, now, (unit) => this.proofs.consume(unit, dpop, now));
    } catch (error) {
      throw this.proofs.replayed(error) ?? error;
    }
  }
}

/** The only key that may redeem the code: that of the proof, or the named one; both must be the same (RFC 9449 10.1). */
function dpopThumbprintOf(dpop: DpopProof | undefined, { dpopJkt }: AuthorizationRequest): string | undefined {
  if (dpop !== undefined && dpopJkt !== undefined && dpop.jkt !== dpopJkt)
    throw new OAuthError('invalid_request', 'The dpop_jkt does not match the key of the DPoP proof.', {
      reason: 'dpop_jkt.other_key',
    });
  return dpop?.jkt ?? dpopJkt;
}
