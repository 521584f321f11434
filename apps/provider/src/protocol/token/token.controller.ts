import { All, Controller, Inject, Options, Post, Req, UseFilters } from '@nestjs/common';
import { OAuthError, parseTokenRequest, type Client } from '@gatehouse/domain/oauth';
import { ConcurrencyConflict, Store } from '@gatehouse/platform/database/store';
import { Reply } from '@gatehouse/platform/http/reply';
import type { WebRequest } from '@gatehouse/platform/http/request';
import { DpopProofs } from '../dpop/dpop-proofs.service.js';
import { Counters } from '../../monitoring/counters.js';
import { OAuthErrorFilter } from '../../web/oauth-error.filter.js';
import { corsHeaders } from '../../web/cors.js';
import { nonceHeaders } from '../../web/dpop-nonce-header.js';
import { routes } from '../../web/routes.js';
import { TokenIssuer } from '../../tokens/token-issuer.js';
import { clientChanged, ProtocolEndpoints, type ClientCall, type ProtocolEndpoint } from '../endpoint.js';
import type { GrantContext, GrantResult } from './grant-types/grant-type.js';
import { GrantTypes } from './grant-types/grant-types.js';

/** The result of the unit of work that redeems a grant and stores its tokens. */
type Redemption =
  /** The JSON body of the response. */
  | { readonly kind: 'redeemed'; readonly body: string }
  /** Another request redeemed it first, or the grant has ended. Nothing was written. */
  | { readonly kind: 'conflict' }
  /** The client's credentials have changed since it authenticated. Nothing was written. */
  | { readonly kind: 'client changed' }
  /** The DPoP proof was used before. Nothing was written. */
  | { readonly kind: 'replayed'; readonly error: OAuthError };

/** The token endpoint (RFC 6749 3.2): client authentication before the grant type, issuing after it. */
@Controller(routes.token)
@UseFilters(OAuthErrorFilter)
export class TokenController {
  private readonly endpoint: ProtocolEndpoint;

  constructor(
    @Inject(ProtocolEndpoints) endpoints: ProtocolEndpoints,
    @Inject(Store) private readonly store: Store,
    @Inject(DpopProofs) private readonly proofs: DpopProofs,
    @Inject(GrantTypes) private readonly grantTypes: GrantTypes,
    @Inject(TokenIssuer) private readonly issuer: TokenIssuer,
    @Inject(Counters) private readonly counters: Counters,
  ) {
    this.endpoint = endpoints.of({ name: 'token', methods: 'POST', cors: 'registered origins' });
  }

  @Post()
  token(@Req() request: WebRequest): Promise<Reply> {
    // 1. Read the form, each parameter once. 2. Authenticate the client.
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
    let redemption = await this.redeem(call, client);
    if (redemption.kind === 'client changed') {
      const { client: fresh, credentialsVersion } = await this.endpoint.authenticateAgain(call, client);
      redemption = await this.redeem({ ...call, credentialsVersion }, fresh);
    }
    if (redemption.kind === 'client changed') throw clientChanged();
    if (redemption.kind === 'conflict')
      throw new OAuthError('invalid_grant', 'The token was redeemed by another request.', { reason: 'grant.conflict' });
    if (redemption.kind === 'replayed') throw redemption.error;

    // 7. Respond. RFC 6749 5.1 requires both headers; OAuth 2.1 only the first.
    const { request } = call;
    return Reply.jsonText(redemption.body, {
      headers: { 'Cache-Control': 'no-store', Pragma: 'no-cache', ...nonceHeaders(request), ...corsHeaders(request) },
    });
  };

  private async redeem(call: ClientCall, client: Client): Promise<Redemption> {
    const { now, credentialsVersion } = call;
    // 3. Parse the token request; the client must be allowed to use its grant type.
    const tokenRequest = parseTokenRequest(call.parameters, client);

    // 4. Check the sender constraint (RFC 9449 5, 5.2).
    const proof = this.endpoint.checkSender(call, client);
    if (proof === undefined && client.dpopBoundAccessTokens)
      throw new OAuthError('invalid_dpop_proof', 'This client is registered for DPoP: the proof is missing.', {
        reason: 'dpop.missing',
      });
    const context: GrantContext = { client, credentialsVersion, now, proof };

    // 5. Validate the grant. 6. Issue: sign the tokens, then redeem the grant and store them in one unit of work.
    let redemption = await this.issue(await this.grantTypes.validate(tokenRequest, context), context);
    // The result of the other request determines whether this one is a repetition, a reuse, or too late.
    if (redemption.kind === 'conflict')
      redemption = await this.issue(await this.grantTypes.validate(tokenRequest, context), context);
    if (redemption.kind === 'redeemed') this.counters.issued(tokenRequest.grantType);
    return redemption;
  }

  /** @throws OAuthError if the grant type denied the request */
  private async issue(
    result: GrantResult,
    { client, credentialsVersion, now, proof }: GrantContext,
  ): Promise<Redemption> {
    if (result.kind === 'repeated') {
      if (proof) await this.proofs.consumeAlone(proof, { client, holder: proof.jkt }, now);
      return { kind: 'redeemed', body: result.body };
    }
    if (result.kind === 'denied') {
      await this.proofs.checkUnused(proof, now);
      await this.store.run((unit) => result.write(unit));
      throw result.error;
    }
    const authorizedGrant =
      proof === undefined ? result.authorizedGrant : { ...result.authorizedGrant, dpopJkt: proof.jkt };
    const tokens = await this.issuer.prepare(authorizedGrant, client, now);
    const storing = { now, credentialsVersion: result.endsWith === 'client' ? credentialsVersion : undefined };
    try {
      await this.store.run((unit) => {
        // First: if a request is sent twice, the second one is a replay of its proof, not the reuse of a code.
        this.proofs.consume(unit, proof, now);
        result.redeem(unit, tokens);
        this.issuer.store(unit, tokens, storing);
      });
      return { kind: 'redeemed', body: tokens.body };
    } catch (thrown) {
      const error = this.proofs.replayed(thrown);
      if (error) return { kind: 'replayed', error };
      // Signed tokens that were not stored are not valid.
      if (this.issuer.isClientChanged(thrown)) return { kind: 'client changed' };
      if (thrown instanceof ConcurrencyConflict) return { kind: 'conflict' };
      throw thrown;
    }
  }
}
