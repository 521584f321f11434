import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { checkProofUnderProfile, OAuthError, type Client, type DpopProof } from '@gatehouse/domain/oauth';
import { Clock } from '@gatehouse/platform/clock';
import { Log } from '@gatehouse/platform/telemetry/log';
import { BodyTooLarge, RepeatedParameter, UnsupportedBody } from '@gatehouse/platform/http/form';
import { readForm } from '@gatehouse/platform/http/read-form';
import { Reply } from '@gatehouse/platform/http/reply';
import {
  addressKey,
  clientAddress,
  header,
  pathOf,
  requestId,
  type WebRequest,
} from '@gatehouse/platform/http/request';
import { FailedRequests, type NewFailedRequest } from '../audit/failed-requests.service.js';
import { ClientAuthenticator, clientChanged, WrongAuthMethod } from '../clients/authentication/authenticator.js';
import type { PresentedCredentials } from '../clients/authentication/client-authentication.js';
import { ClientsService, type VersionedClient } from '../clients/clients.service.js';
import { authorizationOf } from './authorization-header.js';
import { DpopProofs } from './dpop/dpop-proofs.service.js';
import { Counters } from '../monitoring/counters.js';
import { oauthErrorReply } from '../web/oauth-error.filter.js';
import { allowOrigin, preflight } from '../web/cors.js';

export { clientChanged };

const maxBodyBytes = 64 * 1024;
/** RFC 8707 2 */
const repeatable = ['resource'];
const noParameters: ReadonlyMap<string, string> = new Map();

export interface EndpointOptions {
  /** The name of the endpoint in failed requests. */
  readonly name: 'token' | 'par' | 'device' | 'introspection' | 'revocation' | 'registration' | 'userinfo' | 'me';
  /** The accepted methods, in the form of `Allow`. */
  readonly methods: string;
  /**
   * The origins whose scripts may read its responses: those of registered clients, those that the endpoint allows by
   * its own rule, or none.
   */
  readonly cors: 'registered origins' | 'own rule' | 'none';
  /** The error response, if it differs from RFC 6749 5.2. */
  readonly errorReply?: (error: OAuthError, request: WebRequest) => Reply;
}

/** A request to a protocol endpoint. */
export interface EndpointCall {
  readonly request: WebRequest;
  readonly now: EpochSeconds;
  /** The parameters to record if the request fails, as far as the endpoint has read them. */
  parameters: ReadonlyMap<string, string>;
  /** The client to record if the request fails, as far as the endpoint knows it. */
  clientId: string | undefined;
}

/** A form request of a client, with each parameter at most once. */
export interface ClientCall extends PresentedCredentials {
  readonly request: WebRequest;
  readonly now: EpochSeconds;
  /** The version of the client's credentials when it authenticated. */
  readonly credentialsVersion: number;
}

/** The data to record of a failed request. */
type Recorded = Pick<NewFailedRequest, 'request' | 'parameters' | 'client'>;

/**
 * What all protocol endpoints have in common: method, CORS, body, client authentication, sender constraint, error
 * responses and the record of failed requests.
 */
@Injectable()
export class ProtocolEndpoints {
  constructor(
    @Inject(Clock) readonly clock: Clock,
    @Inject(Log) readonly log: Log,
    @Inject(Counters) readonly counters: Counters,
    @Inject(FailedRequests) readonly failedRequests: FailedRequests,
    @Inject(ClientsService) readonly clients: ClientsService,
    @Inject(ClientAuthenticator) readonly authenticator: ClientAuthenticator,
    @Inject(DpopProofs) readonly proofs: DpopProofs,
  ) {}

  of(options: EndpointOptions): ProtocolEndpoint {
    return new ProtocolEndpoint(options, this);
  }
}

export class ProtocolEndpoint {
  constructor(
    private readonly options: EndpointOptions,
    private readonly services: ProtocolEndpoints,
  ) {}

  /** Responds to OPTIONS. */
  preflight(request: WebRequest): Reply {
    const { cors, methods } = this.options;
    return cors === 'none' ? Reply.empty(204, { Allow: `${methods}, OPTIONS` }) : preflight(request, methods);
  }

  /** Responds to methods that the endpoint does not accept (RFC 6749 3.2, RFC 9110 15.5.6). */
  async wrongMethod(request: WebRequest): Promise<Reply> {
    await this.allowRegisteredOrigin(request);
    const { methods } = this.options;
    const error = new OAuthError('invalid_request', `This endpoint accepts ${methods}.`, {
      status: 405,
      reason: 'request.method',
    });
    this.record(error, { request, parameters: noParameters });
    return oauthErrorReply(error, request, { Allow: methods });
  }

  /**
   * Reads the form and authenticates the client.
   * @param respond handles the request; throws OAuthError for an error response
   */
  async handleClient(
    request: WebRequest,
    respond: (call: ClientCall, client: Client) => Promise<Reply>,
  ): Promise<Reply> {
    let parameters = noParameters;
    let client: Client | undefined;
    try {
      await this.allowRegisteredOrigin(request);
      const form = await readForm(request, { limitBytes: maxBodyBytes });
      parameters = form.protocolParameters(repeatable);
      const now = this.services.clock.now();
      const authorization = authorizationOf(request);
      const path = pathOf(request);
      const asker: PresentedCredentials['requester'] = () => askerOf(request);
      const authenticated = await this.services.authenticator.authenticate(
        { parameters, authorization, path, requester: asker },
        now,
      );
      ({ client } = authenticated);
      const { credentialsVersion } = authenticated;
      // Listed explicitly: spreading the credentials costs several microseconds per request.
      return await respond(
        { parameters, authorization, path, requester: asker, request, now, credentialsVersion },
        client,
      );
    } catch (error) {
      const sender = error instanceof WrongAuthMethod ? error.holder : client;
      return this.errorReply(error, { request, parameters, client: sender });
    }
  }

  /** Handles a request whose body and credentials the endpoint reads itself. */
  async handle(request: WebRequest, respond: (call: EndpointCall) => Reply | Promise<Reply>): Promise<Reply> {
    const call: EndpointCall = {
      request,
      now: this.services.clock.now(),
      parameters: noParameters,
      clientId: undefined,
    };
    try {
      await this.allowRegisteredOrigin(request);
      return await respond(call);
    } catch (error) {
      const { parameters, clientId } = call;
      const recorded = clientId === undefined ? parameters : new Map(parameters).set('client_id', clientId);
      return this.errorReply(error, { request, parameters: recorded });
    }
  }

  /**
   * Authenticates the client again, because it was changed since it authenticated.
   * @throws OAuthError invalid_client
   */
  authenticateAgain(call: ClientCall, client: Client): Promise<VersionedClient> {
    return this.services.authenticator.authenticateAgain(call, client, call.now);
  }

  /**
   * Verifies the DPoP proof without consuming it; undefined if none was sent.
   * @throws OAuthError invalid_dpop_proof, use_dpop_nonce
   * @see RFC 9449 5
   */
  checkSender({ request, now }: ClientCall, client: Client): DpopProof | undefined {
    const proof = this.services.proofs.verify(request, now);
    if (proof) checkProofUnderProfile(proof, client.securityProfile, now);
    return proof;
  }

  /** Runs first, so that pages of clients can read errors too. */
  private allowRegisteredOrigin(request: WebRequest): Promise<void> | undefined {
    const origin = header(request, 'origin');
    return origin === undefined || this.options.cors !== 'registered origins'
      ? undefined
      : this.services.clients.isRegisteredOrigin(origin).then((isRegistered) => {
          if (isRegistered) allowOrigin(request, origin);
        });
  }

  /** @throws any error that is not a protocol error, for the exception filter: a bug or an outage */
  private errorReply(thrown: unknown, from: Recorded): Reply {
    const error = toOAuthError(thrown);
    if (!error) throw thrown;
    this.record(error, from);
    return (this.options.errorReply ?? oauthErrorReply)(error, from.request);
  }

  private record(error: OAuthError, from: Recorded): void {
    const { counters, log, failedRequests } = this.services;
    counters.refused(error.reason);
    log.info({ request: requestId(from.request), error: error.code, reason: error.reason }, 'protocol request failed');
    failedRequests.note({ ...from, endpoint: this.options.name, error });
  }
}

/** Computed on demand: most requests do not need it. */
function askerOf(request: WebRequest): ReturnType<PresentedCredentials['requester']> {
  const address = clientAddress(request);
  return { address, addressKey: addressKey(address), requestId: requestId(request) };
}

/** RFC 6749 3.2 */
export function repeatedParameter(cause: RepeatedParameter): OAuthError {
  return new OAuthError('invalid_request', 'A parameter is repeated.', { cause, reason: 'parameter.repeated' });
}

/** Converts protocol errors, and errors of an unreadable body (RFC 6749 3.2, 5.2); undefined for all others. */
function toOAuthError(cause: unknown): OAuthError | undefined {
  if (cause instanceof OAuthError) return cause;
  if (cause instanceof RepeatedParameter) return repeatedParameter(cause);
  if (cause instanceof UnsupportedBody)
    return new OAuthError('invalid_request', 'The body must be application/x-www-form-urlencoded.', {
      cause,
      reason: 'body.type',
    });
  if (cause instanceof BodyTooLarge)
    return new OAuthError('invalid_request', 'The body is too large.', {
      cause,
      reason: 'body.too_large',
      status: 413,
    });
  return undefined;
}
