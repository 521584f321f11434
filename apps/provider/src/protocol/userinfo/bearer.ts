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
import { corsHeaders, nonceHeaders } from '../../web/response-headers.js';
import { ClientsService } from '../../clients/clients.service.js';
import { repeatedParameter } from '../endpoint.js';
import { AccessTokensService, type AccessToken } from '../../tokens/access-tokens.service.js';

/** A live access token, and the client that it was given to. */
export interface PresentedToken {
  readonly token: AccessToken;
  readonly client: Client;
}

/** Finds the live access token that a request to our own endpoints carries (RFC 6750 2, RFC 9449 7). */
@Injectable()
export class BearerTokens {
  constructor(
    @Inject(AccessTokensService) private readonly tokens: AccessTokensService,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(DpopProofs) private readonly proofs: DpopProofs,
  ) {}

  /**
   * @throws OAuthError invalid_request for two ways at once, invalid_token, invalid_dpop_proof, use_dpop_nonce,
   *   temporarily_unavailable
   */
  async check(request: WebRequest, now: EpochSeconds): Promise<PresentedToken> {
    const authorization = header(request, 'authorization');
    const inBody = request.method === 'POST' ? await bodyToken(request) : undefined;
    if (authorization !== undefined && inBody !== undefined)
      throw new OAuthError('invalid_request', 'The token comes in the header or in the body, not in both.', {
        reason: 'bearer.two_ways',
      });
    if (authorization === undefined && inBody === undefined)
      throw new OAuthError('invalid_token', 'Send an access token of this server.', { reason: missingToken });
    const bound = isDpop(request);
    const text = inBody ?? (bound ? parseDpopToken(authorization) : parseBearer(authorization));
    const token = text === undefined ? undefined : await this.tokens.findLive(text, now);
    if (!token)
      throw new OAuthError('invalid_token', 'The access token is unknown, expired or revoked.', {
        reason: 'bearer.invalid',
      });
    const proof =
      bound || token.dpopJkt !== undefined
        ? this.checkSender(request, token, bound ? text : undefined, now)
        : undefined;
    // RFC 9068 4: a token for an API opens nothing here.
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
    // Issued before the client was held to bound tokens.
    if (token.dpopJkt === undefined && client.dpopBoundAccessTokens)
      throw new OAuthError('invalid_token', 'The access token must be bound to a key: get a new one.', {
        reason: 'dpop.unbound_client',
      });
    if (proof) checkProofUnderProfile(proof, client.securityProfile, now);
    // Last: what is refused stores nothing.
    if (proof) await this.proofs.spendAlone(proof, { client, holder: token.userId ?? proof.jkt }, now);
    this.tokens.noteUse(token, now);
    return { token, client };
  }

  /**
   * That a bound token comes in its scheme, with a proof of the key that it is bound to; the proof is not spent yet.
   * @param text the token as it came in the scheme DPoP; undefined where it came in another way
   * @see RFC 9449 7.1, 7.2
   */
  private checkSender(request: WebRequest, token: AccessToken, text: string | undefined, now: EpochSeconds): DpopProof {
    // RFC 9449 7.2: shown as Bearer it would be worth as much as an unbound one to whoever stole it.
    if (text === undefined)
      throw new OAuthError('invalid_token', 'The access token is bound to a key: send it by the scheme DPoP.', {
        reason: 'dpop.as_bearer',
      });
    if (token.dpopJkt === undefined)
      throw new OAuthError('invalid_token', 'The access token is bound to no key: send it by the scheme Bearer.', {
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

/** A refused token: 401 or 403 with a challenge (RFC 6750 3). */
export interface RefusedToken {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly reason: string;
  readonly description: string;
  /** Undefined where no token was sent. */
  readonly error: string | undefined;
}

export function refusedToken(error: OAuthError, request: WebRequest): RefusedToken {
  // RFC 9449 7.2: both schemes, where nothing says which one it is for. RFC 6750 3.1: and no error code.
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
  const ofProof = error.code === 'invalid_dpop_proof' || error.code === 'use_dpop_nonce';
  const value =
    ofProof || isDpop(request) || error.reason === 'dpop.as_bearer'
      ? dpopChallenge({ ...parts, algorithms: dpopAlgorithms })
      : bearerChallenge(parts);
  return {
    // RFC 9449 9: at a resource, what is wrong with a proof is a 401 with a challenge.
    status: ofProof ? 401 : error.status,
    headers: challengeHeaders(value, request),
    reason: error.reason,
    description: error.description,
    error: error.code,
  };
}

/** The response of a protected resource to an error, in JSON as OAuth has it (RFC 6750 3). */
export function challenge(error: OAuthError, request: WebRequest): Reply {
  const { status, headers, description, error: code } = refusedToken(error, request);
  return code === undefined
    ? Reply.empty(status, headers)
    : Reply.json({ error: code, error_description: description }, { status, headers });
}

/** True when the request means to use the scheme DPoP, well-formed or not. */
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

/** RFC 6750 2.2: a form body of one part. Another kind of body carries no token. */
async function bodyToken(request: WebRequest): Promise<string | undefined> {
  try {
    return (await readForm(request, { limitBytes: 16 * 1024 })).protocolParameters().get('access_token');
  } catch (error) {
    if (error instanceof UnsupportedBody) return undefined;
    if (error instanceof RepeatedParameter) throw repeatedParameter(error);
    throw error;
  }
}
