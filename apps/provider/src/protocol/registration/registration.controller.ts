import { All, Controller, Delete, Get, Inject, Options, Post, Put, Req, UseFilters, type Type } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { formatClientMetadata, OAuthError, parseBearer, type Client } from '@gatehouse/domain/oauth';
import { Reply } from '@gatehouse/platform/http/reply';
import { addressKey, clientAddress, header, requestId, type WebRequest } from '@gatehouse/platform/http/request';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { ClientsService } from '../../clients/clients.service.js';
import { DeleteClient } from '../../clients/operations/delete-client.js';
import { RegisterClient, type RegisteredClient } from '../../clients/registration/operations/register-client.js';
import { UpdateRegistration } from '../../clients/registration/operations/update-registration.js';
import {
  InitialAccessTokens,
  type ValidInitialAccessToken,
} from '../../clients/registration/initial-access-tokens.service.js';
import {
  invalidMetadata,
  readMetadata,
  registrableScopes,
  registrationError,
  registrationInput,
  type Json,
  type RegistrationPolicy,
} from '../../clients/registration/registration-request.js';
import { Registrations, invalidRegistrationToken } from '../../clients/registration/registrations.service.js';
import { missingToken, OAuthErrorFilter } from '../../web/oauth-error.filter.js';
import { allowOrigin, corsHeaders } from '../../web/cors.js';
import { revisionOf } from '../../web/revision.js';
import { routes } from '../../web/routes.js';
import type { RegistrantActor, RegistrationProof } from '../../operations/actor.js';
import { OperationError } from '../../operations/operation-error.js';
import type { Operation } from '../../operations/operation.js';
import { Operations } from '../../operations/operations.js';
import { ResourcesService } from '../../resources/resources.service.js';
import { authorizationOf } from '../authorization-header.js';
import { ProtocolEndpoints, type EndpointCall, type ProtocolEndpoint } from '../endpoint.js';

/** RFC 7592 2.2: members that a client must not send in an update. */
const serverMembers = [
  'registration_access_token',
  'registration_client_uri',
  'client_secret_expires_at',
  'client_id_issued_at',
];

/**
 * Dynamic registration (RFC 7591, OpenID Connect Registration 3) and the client configuration endpoint (RFC 7592).
 *
 * Scripts may read the response if their page registers itself: its origin must be that of a redirect URI in the
 * request or, at the client configuration endpoint, of any registered client, as at the token endpoint. No other page
 * can make a user's browser register clients and read their secrets.
 */
@Controller(routes.register)
@UseFilters(OAuthErrorFilter)
export class RegistrationController {
  private readonly registration: ProtocolEndpoint;
  private readonly configuration: ProtocolEndpoint;

  constructor(
    @Inject(ProtocolEndpoints) endpoints: ProtocolEndpoints,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(Operations) private readonly operations: Operations,
    @Inject(Registrations) private readonly registrations: Registrations,
    @Inject(InitialAccessTokens) private readonly tokens: InitialAccessTokens,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(ResourcesService) private readonly resources: ResourcesService,
  ) {
    this.registration = endpoints.of({ name: 'registration', methods: 'POST', cors: 'own rule' });
    this.configuration = endpoints.of({
      name: 'registration',
      methods: 'GET, PUT, DELETE',
      cors: 'registered origins',
    });
  }

  @Post()
  register(@Req() request: WebRequest): Promise<Reply> {
    return this.registration.handle(request, async (call) => {
      this.requireEnabled();
      const json = await this.read(call);
      allowPage(request, json['redirect_uris']);
      const credential = await this.readInitialAccessToken(request, call.now);
      const properties = registrationInput(json, await this.policy(credential));
      const proof: RegistrationProof = credential ? { kind: 'initial-access-token', ...credential } : { kind: 'none' };
      const registered = await this.perform(RegisterClient, registrant(call, proof), { properties });
      return this.reply(request, registered, 201);
    });
  }

  @Options()
  preflight(@Req() request: WebRequest): Reply {
    return this.registration.preflight(request);
  }

  @All()
  wrongMethod(@Req() request: WebRequest): Promise<Reply> {
    return this.registration.handle(request, () => {
      this.requireEnabled();
      return this.registration.wrongMethod(request);
    });
  }

  /** RFC 7592 2.1. The response omits the secret, of which only the hash is stored. */
  @Get(':id')
  readClient(@Req() request: WebRequest): Promise<Reply> {
    return this.configuration.handle(request, async (call) => {
      this.requireEnabled();
      const { client, registrationToken } = await this.authenticate(call);
      return this.reply(request, { client, registrationToken, secret: undefined }, 200);
    });
  }

  /** RFC 7592 2.2 */
  @Put(':id')
  updateClient(@Req() request: WebRequest): Promise<Reply> {
    return this.configuration.handle(request, async (call) => {
      this.requireEnabled();
      const json = await this.read(call);
      const { client, registrationToken } = await this.authenticate(call);
      await this.checkCredentials(json, client, call.now);
      const input = {
        id: client.id,
        properties: registrationInput(json, await this.policy(), client),
        revision: revisionOf(client),
      };
      const updated = await this.perform(
        UpdateRegistration,
        registrant(call, holderOf(client, registrationToken)),
        input,
      );
      const sent = json['client_secret'];
      const secret =
        updated.secret ?? (typeof sent === 'string' && updated.client.type === 'confidential' ? sent : undefined);
      return this.reply(request, { ...updated, secret }, 200);
    });
  }

  /** RFC 7592 2.3 */
  @Delete(':id')
  deleteClient(@Req() request: WebRequest): Promise<Reply> {
    return this.configuration.handle(request, async (call) => {
      this.requireEnabled();
      const { client, registrationToken } = await this.authenticate(call);
      await this.perform(DeleteClient, registrant(call, holderOf(client, registrationToken)), { id: client.id });
      return Reply.empty(204, { 'Cache-Control': 'no-store', ...corsHeaders(request) });
    });
  }

  @Options(':id')
  configurationPreflight(@Req() request: WebRequest): Reply {
    return this.configuration.preflight(request);
  }

  @All(':id')
  wrongConfigurationMethod(@Req() request: WebRequest): Promise<Reply> {
    return this.configuration.handle(request, () => {
      this.requireEnabled();
      return this.configuration.wrongMethod(request);
    });
  }

  private requireEnabled(): void {
    if (this.settings.registration === 'off')
      throw new OAuthError(
        'registration_not_supported',
        'Dynamic registration is disabled: an administrator registers clients.',
        {
          status: 404,
          reason: 'registration.off',
        },
      );
  }

  private async read(call: EndpointCall): Promise<Json> {
    const json = await readMetadata(call.request);
    call.parameters = recordable(json);
    return json;
  }

  /** @throws OAuthError invalid_token */
  private async readInitialAccessToken(
    request: WebRequest,
    now: EpochSeconds,
  ): Promise<ValidInitialAccessToken | undefined> {
    const presented = authorizationOf(request);
    if (presented === undefined) {
      if (this.settings.registration === 'token') throw missingTokenError();
      return undefined;
    }
    const credential = await this.tokens.findValid(parseBearer(presented) ?? '', now);
    if (credential === undefined)
      throw new OAuthError('invalid_token', 'The initial access token is invalid, used up or expired.', {
        reason: 'registration.initial_token',
      });
    return credential;
  }

  /**
   * The client whose registration access token was sent.
   * @throws OAuthError invalid_token, access_denied for a disabled client (RFC 7592 2.1)
   */
  private async authenticate(call: EndpointCall): Promise<{ client: Client; registrationToken: string }> {
    call.clientId = call.request.params['id'] ?? '';
    const authorization = authorizationOf(call.request);
    if (authorization === undefined) throw missingTokenError();
    const registrationToken = parseBearer(authorization) ?? '';
    const client = await this.registrations.find(call.clientId, registrationToken);
    if (!client) throw invalidRegistrationToken();
    if (client.disabledAt !== undefined)
      throw new OAuthError('access_denied', 'This client is disabled.', { reason: 'registration.disabled' });
    return { client, registrationToken };
  }

  /** Checks that the client's credentials in an update are the current ones (RFC 7592 2.2). */
  private async checkCredentials(json: Json, client: Client, now: EpochSeconds): Promise<void> {
    const sentBack = serverMembers.find((name) => Object.hasOwn(json, name));
    if (sentBack !== undefined) throw invalidMetadata(`${sentBack}: An update must not contain this member.`);
    if (json['client_id'] !== client.id)
      throw invalidMetadata('client_id: An update must contain the client_id of the client.');
    const secret = json['client_secret'];
    if (secret === undefined || secret === null) return;
    if (typeof secret !== 'string' || !(await this.clients.verifySecret(client.id, secret, now)))
      throw invalidMetadata(
        'client_secret: This is not the current secret of the client. A client cannot choose its secret.',
      );
  }

  private async policy(credential?: ValidInitialAccessToken): Promise<RegistrationPolicy> {
    return {
      mayChooseProfile: credential?.approves ?? false,
      scopes: registrableScopes(await this.resources.all()),
    };
  }

  /** @throws OAuthError */
  private async perform<Input, Result, Prepared>(
    type: Type<Operation<Input, Result, Prepared>>,
    actor: RegistrantActor,
    input: Input,
  ): Promise<Result> {
    try {
      return await this.operations.execute(type, actor, input);
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      // All other errors: the client does not exist, or its token was replaced since it was compared.
      throw registrationError(error) ?? invalidRegistrationToken();
    }
  }

  /** RFC 7591 3.2.1: all registered metadata, including what the server chose. */
  private reply(request: WebRequest, { client, secret, registrationToken }: RegisteredClient, status: number): Reply {
    return Reply.json(
      {
        client_id: client.id,
        client_id_issued_at: client.createdAt,
        // 0: it does not expire.
        ...(secret === undefined ? {} : { client_secret: secret, client_secret_expires_at: 0 }),
        registration_access_token: registrationToken,
        registration_client_uri: `${this.settings.issuer}${routes.register}/${client.id}`,
        ...formatClientMetadata(client),
      },
      { status, headers: { 'Cache-Control': 'no-store', Pragma: 'no-cache', ...corsHeaders(request) } },
    );
  }
}

function registrant({ request, now }: EndpointCall, proof: RegistrationProof): RegistrantActor {
  const address = clientAddress(request);
  return {
    kind: 'registrant',
    proof,
    address,
    addressKey: addressKey(address),
    requestId: requestId(request),
    now,
  };
}

function holderOf({ id }: Client, token: string): RegistrationProof {
  return { kind: 'registration-access-token', clientId: id, token };
}

function missingTokenError(): OAuthError {
  return new OAuthError('invalid_token', 'A token in the Authorization header is required.', { reason: missingToken });
}

/**
 * The string members of the request as form parameters, for the record of failed requests, which bounds and redacts
 * them. Omits all other JSON values, which may be nested arbitrarily deep.
 */
function recordable(json: Json): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const [name, value] of Object.entries(json)) {
    if (typeof value === 'string') parameters.set(name, value);
    else if (Array.isArray(value) && value.every((each) => typeof each === 'string'))
      parameters.set(name, value.join(' '));
  }
  return parameters;
}

function allowPage(request: WebRequest, redirectUris: unknown): void {
  const origin = header(request, 'origin');
  if (origin === undefined || origin === 'null' || !Array.isArray(redirectUris)) return;
  const isOwn = redirectUris
    .slice(0, 50)
    .some((uri) => typeof uri === 'string' && URL.canParse(uri) && new URL(uri).origin === origin);
  if (isOwn) allowOrigin(request, origin);
}
