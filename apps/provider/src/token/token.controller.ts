import { Controller, Get, Inject, Options, Post, Req, UseFilters } from '@nestjs/common';
import { Clock } from '@gatehouse/server/clock';
import {
  checkProofUnderProfile,
  OAuthError,
  refuseAuthorizationDetails,
  type Client,
  type DpopProof,
} from '@gatehouse/domain/oauth';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { NothingChanged, Store } from '@gatehouse/server/database/store';
import { Reply } from '@gatehouse/server/web/reply';
import type { WebRequest } from '@gatehouse/server/web/request';
import { ClientAuthenticator } from '../clients/authentication/authenticator.js';
import { CrossOrigin } from '../clients/cross-origin.service.js';
import { corsHeaders, preflight } from '../http/cors.js';
import { DpopProofs } from '../dpop/dpop-proofs.service.js';
import { Refusals } from '../audit/refusals.service.js';
import type { PresentedCredentials } from '../clients/authentication/client-authentication.js';
import { Counters } from '../http/counters.js';
import { nonceHeaders } from '../http/dpop-nonce.js';
import { OAuthErrorFilter } from '../http/oauth-error.filter.js';
import { routes } from '../http/routes.js';
import { TokenIssuer } from '../issuance/token-issuer.js';
import type { GrantType, Proof } from './grant-types/grant-type.js';
import { GrantTypes } from './grant-types/grant-types.js';
import { postOnly, readProtocolRequest } from '../clients/authentication/protocol-request.js';

/** The token endpoint (RFC 6749 3.2): client authentication before the grant type, issuing after it. */
@Controller(routes.token)
@UseFilters(OAuthErrorFilter)
export class TokenController {
  constructor(
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Store) private readonly store: Store,
    @Inject(CrossOrigin) private readonly crossOrigin: CrossOrigin,
    @Inject(ClientAuthenticator) private readonly authenticator: ClientAuthenticator,
    @Inject(DpopProofs) private readonly proofs: DpopProofs,
    @Inject(GrantTypes) private readonly grantTypes: GrantTypes,
    @Inject(TokenIssuer) private readonly issuer: TokenIssuer,
    @Inject(Counters) private readonly counters: Counters,
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
  async token(@Req() request: WebRequest): Promise<Reply> {
    await this.crossOrigin.check(request);
    const credentials = await readProtocolRequest(request);
    try {
      return await this.answer(request, credentials);
    } catch (error) {
      if (error instanceof OAuthError) this.refusals.note(request, 'token', error, credentials.parameters);
      throw error;
    }
  }

  private async answer(request: WebRequest, credentials: PresentedCredentials): Promise<Reply> {
    const now = this.clock.now();
    const client = await this.authenticator.authenticate(credentials, now);
    const grantType = this.checkGrantType(credentials.parameters.get('grant_type'), client);
    refuseAuthorizationDetails(credentials.parameters);
    const dpop = this.checkSender(request, client, now);
    let proof = await grantType.prove(credentials.parameters, client, now, dpop?.jkt);
    let body = await this.issue(proof, client, now, dpop);
    if (body === 'lost') {
      // Another request spent it in between, or its grant ended: what is left says which, and whether this one is a
      // repeat or a reuse.
      proof = await grantType.prove(credentials.parameters, client, now, dpop?.jkt);
      body = await this.issue(proof, client, now, dpop);
    }
    if (body === 'lost')
      throw new OAuthError('invalid_grant', 'The token was exchanged by another request.', { reason: 'refresh.lost' });
    this.counters.issued(grantType.name);
    // RFC 6749 5.1 asks for both; OAuth 2.1 for the first alone.
    return Reply.jsonText(body, {
      headers: { 'Cache-Control': 'no-store', Pragma: 'no-cache', ...nonceHeaders(request), ...corsHeaders(request) },
    });
  }

  private checkGrantType(name: string | undefined, client: Client): GrantType {
    if (name === undefined)
      throw new OAuthError('invalid_request', 'The grant_type is missing.', { reason: 'grant_type.missing' });
    const grantType = this.grantTypes.find(name);
    if (!grantType)
      throw new OAuthError('unsupported_grant_type', 'This grant_type is not supported.', {
        reason: 'grant_type.unsupported',
      });
    if (!client.grantTypes.includes(grantType.name))
      throw new OAuthError('unauthorized_client', 'This client may not use this grant_type.', {
        reason: 'grant_type.unregistered',
      });
    return grantType;
  }

  /** The proof of the client's key, which it must send where it is registered so (RFC 9449 5, 5.2). Not spent yet. */
  private checkSender(request: WebRequest, client: Client, now: EpochSeconds): DpopProof | undefined {
    const dpop = this.proofs.verify(request, now);
    if (dpop === undefined && client.dpopBoundAccessTokens)
      throw new OAuthError('invalid_dpop_proof', 'This client is registered for DPoP: the proof is missing.', {
        reason: 'dpop.missing',
      });
    if (dpop) checkProofUnderProfile(dpop, client.securityProfile, now);
    return dpop;
  }

  /** Signs, then spends and stores in one unit; a loser's tokens are thrown away. */
  private async issue(proof: Proof, client: Client, now: EpochSeconds, dpop: DpopProof | undefined): Promise<string> {
    if (proof.kind === 'repeated') {
      if (dpop) await this.proofs.spendAlone(dpop, { client, holder: dpop.jkt }, now);
      return proof.body;
    }
    if (proof.kind === 'refused') {
      await this.proofs.checkUnused(dpop, now);
      await this.store.run((unit) => proof.write(unit));
      throw proof.error;
    }
    const authority = dpop === undefined ? proof.authority : { ...proof.authority, dpopJkt: dpop.jkt };
    const prepared = await this.issuer.prepare(authority, client, now);
    try {
      await this.store.run((unit) => {
        // First: of a request that is sent twice, the second is a replay of its proof, not the reuse of a code.
        this.proofs.spend(unit, dpop, now);
        proof.spend(unit, prepared);
        this.issuer.store(unit, prepared, now);
      });
      return prepared.body;
    } catch (error) {
      const replayed = this.proofs.replayed(error);
      if (replayed) throw replayed;
      if (error instanceof NothingChanged) return 'lost';
      throw error;
    }
  }
}
