import type { OutgoingHttpHeaders } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import {
  bearerChallenge,
  checkProofUnderProfile,
  dpopAlgorithms,
  dpopChallenge,
  OAuthError,
  parseBearer,
  parseDpopToken,
  unmetProfile,
  type Client,
  type DpopProof,
} from '@gatehouse/domain/oauth';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { readForm } from '@gatehouse/platform/http/read-form';
import { Reply } from '@gatehouse/platform/http/reply';
import { header, type WebRequest } from '@gatehouse/platform/http/request';
import { RepeatedParameter, UnsupportedBody } from '@gatehouse/platform/http/form';
import { DpopProofs } from '../dpop/dpop-proofs.service.js';
import { missingToken } from '../../web/oauth-error.filter.js';
import { corsHeaders } from '../../web/cors.js';
import { nonceHeaders } from '../../web/dpop-nonce-header.js';
import { ClientsService } from '../../clients/clients.service.js';
import { authorizationOf } from '../authorization-header.js';
import { repeatedParameter } from '../endpoint.js';
import { AccessTokensService, type AccessToken } from '../../tokens/access-tokens.service.js';

/** A valid access token, and the client that it was issued to. */
export interface PresentedToken {
  readonly token: AccessToken;
  readonly client: Client;
}

/** Finds the valid access token of a request to this server's own endpoints (RFC 6750 2, RFC 9449 7). */
@Injectable()
export class BearerTokens {
  constructor(
    @Inject(AccessTokensService) private readonly tokens: AccessTokensService,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(DpopProofs) private readonly proofs: DpopProofs,
  ) {}

  /**
   * @throws OAuthError invalid_request for two tokens, invalid_token, invalid_dpop_proof, use_dpop_nonce,
   *   temporarily_unavailable
   */
  async check(request: WebRequest, now: EpochSeconds): Promise<PresentedToken> {
    const authorization = authorizationOf(request);
    const inBody = request.method === 'POST' ? await bodyToken(request) : undefined;
    if (authorization !== undefined && inBody !== undefined)
      throw new OAuthError('invalid_request', 'Send the token either in the header or in the body, not in both.', {
        reason: 'bearer.two_ways',
      });
    if (authorization === undefined && inBody === undefined)
      throw new OAuthError('invalid_token', 'Send an access token of this server.', { reason: missingToken });
    const bound = isDpop(request);
    const text = inBody ?? (bound ? parseDpopToken(authorization) : parseBearer(authorization));
    const token = text === undefined ? undefined : await this.tokens.findActive(text, now);
    if (!token)
      throw new OAuthError('invalid_token', 'The access token is unknown, expired or revoked.', {
        reason: 'bearer.invalid',
      });
    const proof =
      bound || token.dpopJkt !== undefined
        ? this.checkSender(request, token, bound ? text : undefined, now)
        : undefined;
    // RFC 9068 4: a token for an API is not valid at this server.
    if (token.audience.length > 0)
      throw new OAuthError('invalid_token', 'The access token is for another audience.', {
        reason: 'bearer.audience',
      });
    const client = await this.clients.find(token.clientId);
    if (!client || client.disabledAt !== undefined)
      throw new OAuthError('invalid_token', 'The access token is unknown, expired or revoked.', {
        reason: 'bearer.client',
      });
    const unmet = unmetProfile(client, 'invalid_token');
    if (unmet) throw unmet;
    // Issued before bound tokens were required of the client.
    if (token.dpopJkt === undefined && client.dpopBoundAccessTokens)
      throw new OAuthError('invalid_token', 'The access token must be bound to a key: request a new one.', {
        reason: 'dpop.unbound_client',
      });
    if (proof) checkProofUnderProfile(proof, client.securityProfile, now);
    // Last: a rejected request stores nothing.
    if (proof) await this.proofs.consumeAlone(proof, { client, holder: token.userId ?? proof.jkt }, now);
    this.tokens.noteUse(token, now);
    return { token, client };
  }

  /**
   * Checks that a bound token is sent with the DPoP scheme and a proof of its key; does not consume the proof.
   * @param text the token as sent with the DPoP scheme; undefined if it was sent in another way
   * @see RFC 9449 7.1, 7.2
   */
  private checkSender(request: WebRequest, token: AccessToken, text: string | undefined, now: EpochSeconds): DpopProof {
    // RFC 9449 7.2: accepted as Bearer, a stolen token would be as useful as an unbound one.
    if (text === undefined)
      throw new OAuthError('invalid_token', 'The access token is bound to a key: send it with the DPoP scheme.', {
        reason: 'dpop.as_bearer',
      });
    if (token.dpopJkt === undefined)
      throw new OAuthError('invalid_token', 'The access token is not bound to a key: send it with the Bearer scheme.', {
        reason: 'dpop.unbound',
      });
    const proof = this.proofs.verify(request, now, text);
    if (proof === undefined)
      throw new OAuthError('invalid_dpop_proof', 'The DPoP proof is missing.', { reason: 'dpop.missing' });
    if (proof.jkt !== token.dpopJkt)
      throw new OAuthError('invalid_token', 'The access token is bound to another key.', { reason: 'dpop.other_key' });
    return proof;
  }
}

/** A rejected token: 401 or 403 with a challenge (RFC 6750 3). */
export interface TokenRejection {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly reason: string;
  readonly description: string;
  /** Undefined when no token was sent. */
  readonly error: string | undefined;
}

export function rejectToken(error: OAuthError, request: WebRequest): TokenRejection {
  // RFC 9449 7.2: without a token both schemes are offered. RFC 6750 3.1: without an error code.
  if (error.reason === missingToken)
    return {
      status: error.status,
      headers: challengeHeaders([bearerChallenge(), dpopChallenge({ algorithms: dpopAlgorithms })], request),
      reason: error.reason,
      description: error.description,
      error: undefined,
    };
  if (error.retryAfterSeconds !== undefined)
    return {
      status: error.status,
      headers: {
        'Retry-After': String(error.retryAfterSeconds),
        'Cache-Control': 'no-store',
        ...nonceHeaders(request),
        ...corsHeaders(request),
      },
      reason: error.reason,
      description: error.description,
      error: error.code,
    };
  const parts = {
    error: error.code,
    description: error.description,
    scope: error.scope,
    authentication: error.authentication,
  };
  const isProofError = error.code === 'invalid_dpop_proof' || error.code === 'use_dpop_nonce';
  const value =
    isProofError || isDpop(request) || error.reason === 'dpop.as_bearer'
      ? dpopChallenge({ ...parts, algorithms: dpopAlgorithms })
      : bearerChallenge(parts);
  return {
    // RFC 9449 9: at a protected resource, an invalid proof is a 401 with a challenge.
    status: isProofError ? 401 : error.status,
    headers: challengeHeaders(value, request),
    reason: error.reason,
    description: error.description,
    error: error.code,
  };
}

/** The error response of a protected resource, in JSON (RFC 6750 3). */
export function challenge(error: OAuthError, request: WebRequest): Reply {
  const { status, headers, description, error: code } = rejectToken(error, request);
  return code === undefined
    ? Reply.empty(status, headers)
    : Reply.json({ error: code, error_description: description }, { status, headers });
}

/** True when the request uses the DPoP scheme, well-formed or not. */
function isDpop(request: WebRequest): boolean {
  return /^dpop(\s|$)/i.test(header(request, 'authorization') ?? '');
}

function challengeHeaders(value: string | string[], request: WebRequest): OutgoingHttpHeaders {
  return {
    'WWW-Authenticate': value,
    'Cache-Control': 'no-store',
    ...nonceHeaders(request),
    ...corsHeaders(request),
  };
}

/** RFC 6750 2.2: a form-encoded body. A body of another type carries no token. */
async function bodyToken(request: WebRequest): Promise<string | undefined> {
  try {
    return (await readForm(request, { limitBytes: 16 * 1024 })).protocolParameters().get('access_token');
  } catch (error) {
    if (error instanceof UnsupportedBody) return undefined;
    if (error instanceof RepeatedParameter) throw repeatedParameter(error);
    throw error;
  }
}
