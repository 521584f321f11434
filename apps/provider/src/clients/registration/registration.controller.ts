import { Controller, Delete, Get, Inject, Options, Post, Put, Req, UseFilters } from '@nestjs/common';
import { bearerChallenge, formatClientMetadata, OAuthError, parseBearer, type Client } from '@gatehouse/domain/oauth';
import { Clock } from '@gatehouse/server/clock';
import { Reply } from '@gatehouse/server/web/reply';
import { addressKey, clientAddress, header, requestId, type WebRequest } from '@gatehouse/server/web/request';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { allowOrigin, corsHeaders, preflight } from '../../http/cors.js';
import { OAuthErrorFilter } from '../../http/oauth-error.filter.js';
import { routes } from '../../http/routes.js';
import { ResourcesService } from '../../resources/resources.service.js';
import { ClientsService } from '../clients.service.js';
import { CrossOrigin } from '../cross-origin.service.js';
import { InitialAccessTokens, type LiveToken } from './initial-access-tokens.service.js';
import {
  invalidMetadata,
  readMetadata,
  registrableScopes,
  registrationDraft,
  type Json,
  type RegistrationPolicy,
} from './registration-request.js';
import { Registrations, wrongToken, type Registered, type Registrant } from './registrations.service.js';

/** RFC 7592 2.2: a client must not send these back. */
const ours = [
  'registration_access_token',
  'registration_client_uri',
  'client_secret_expires_at',
  'client_id_issued_at',
];

/**
 * Dynamic registration (RFC 7591, OpenID Connect Registration 3) and the client configuration endpoint (RFC 7592).
 *
 * Scripts may read what is answered to a page that registers itself: one whose origin is that of a redirect URI which it
 * names, or, at the client configuration endpoint, of any client, as at the token endpoint. No other page can make a
 * visitor's browser register clients and learn their secrets.
 */
@Controller(routes.register)
@UseFilters(OAuthErrorFilter)
export class RegistrationController {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Registrations) private readonly registrations: Registrations,
    @Inject(InitialAccessTokens) private readonly tokens: InitialAccessTokens,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(CrossOrigin) private readonly crossOrigin: CrossOrigin,
    @Inject(ResourcesService) private readonly resources: ResourcesService,
  ) {}

  @Options()
  preflight(@Req() request: WebRequest): Reply {
    return preflight(request);
  }

  @Options(':id')
  configurationPreflight(@Req() request: WebRequest): Reply {
    return preflight(request, 'GET, PUT, DELETE');
  }

  @Get()
  wrongMethod(): Reply {
    this.checkOn();
    return Reply.json(
      { error: 'invalid_request', error_description: 'This endpoint takes POST.' },
      { status: 405, headers: { Allow: 'POST' } },
    );
  }

  @Post()
  async register(@Req() request: WebRequest): Promise<Reply> {
    this.checkOn();
    const now = this.clock.now();
    const json = await readMetadata(request);
    allowPage(request, json['redirect_uris']);
    const presented = header(request, 'authorization');
    if (presented === undefined && this.settings.registration === 'token') return tokenNeeded(request);
    const credential =
      presented === undefined ? undefined : await this.tokens.findLive(parseBearer(presented) ?? '', now);
    if (presented !== undefined && credential === undefined)
      throw new OAuthError('invalid_token', 'The initial access token is wrong, used up or expired.', {
        reason: 'registration.initial_token',
      });
    const draft = registrationDraft(json, await this.policy(credential));
    const made = await this.registrations.register(draft, { ...this.from(request), credential: credential?.id }, now);
    return this.answer(request, made, 201);
  }

  /** RFC 7592 2.1. The secret is not in it: we keep its hash alone. */
  @Get(':id')
  async read(@Req() request: WebRequest): Promise<Reply> {
    this.checkOn();
    const proof = await this.prove(request);
    if (!proof) return tokenNeeded(request);
    const { client, registrationToken } = proof;
    return this.answer(request, { client, registrationToken, secret: undefined }, 200);
  }

  /** RFC 7592 2.2 */
  @Put(':id')
  async update(@Req() request: WebRequest): Promise<Reply> {
    this.checkOn();
    const now = this.clock.now();
    const json = await readMetadata(request);
    const proof = await this.prove(request);
    if (!proof) return tokenNeeded(request);
    const { client, registrationToken } = proof;
    await this.checkCredentials(json, client);
    const draft = registrationDraft(json, await this.policy(), client);
    const changed = await this.registrations.update(client, draft, { ...this.from(request), registrationToken }, now);
    const sent = json['client_secret'];
    const secret =
      changed.secret ?? (typeof sent === 'string' && changed.client.type === 'confidential' ? sent : undefined);
    return this.answer(request, { ...changed, secret }, 200);
  }

  /** RFC 7592 2.3 */
  @Delete(':id')
  async remove(@Req() request: WebRequest): Promise<Reply> {
    this.checkOn();
    const proof = await this.prove(request);
    if (!proof) return tokenNeeded(request);
    await this.registrations.remove(proof.client.id, this.from(request), this.clock.now());
    return Reply.empty(204, { 'Cache-Control': 'no-store', ...corsHeaders(request) });
  }

  private checkOn(): void {
    if (this.settings.registration === 'off')
      throw new OAuthError('registration_not_supported', 'Clients are registered by an administrator here.', {
        status: 404,
        reason: 'registration.off',
      });
  }

  /**
   * @returns the client that the token opens, or undefined when none was sent
   * @throws OAuthError invalid_token, access_denied for a client that is switched off (RFC 7592 2.1)
   */
  private async prove(request: WebRequest): Promise<{ client: Client; registrationToken: string } | undefined> {
    await this.crossOrigin.check(request);
    const authorization = header(request, 'authorization');
    if (authorization === undefined) return undefined;
    const registrationToken = parseBearer(authorization) ?? '';
    const client = await this.registrations.find(request.params['id'] ?? '', registrationToken);
    if (!client) throw wrongToken();
    if (client.disabledAt !== undefined)
      throw new OAuthError('access_denied', 'This client was switched off.', { reason: 'registration.disabled' });
    return { client, registrationToken };
  }

  /** What an update says of the client itself must be so already (RFC 7592 2.2). */
  private async checkCredentials(json: Json, client: Client): Promise<void> {
    const sentBack = ours.find((name) => Object.hasOwn(json, name));
    if (sentBack !== undefined) throw invalidMetadata(`${sentBack}: An update leaves this member out.`);
    if (json['client_id'] !== client.id) throw invalidMetadata('client_id: An update names the client that it is for.');
    const secret = json['client_secret'];
    if (secret === undefined || secret === null) return;
    if (typeof secret !== 'string' || !(await this.clients.verifySecret(client.id, secret, this.clock.now())))
      throw invalidMetadata('client_secret: This is not the secret of the client, and none can be chosen.');
  }

  private async policy(credential?: LiveToken): Promise<RegistrationPolicy> {
    return {
      mayChooseProfile: credential?.approves ?? false,
      pkce: this.settings.pkce,
      scopes: registrableScopes(await this.resources.all()),
    };
  }

  private from(request: WebRequest): Omit<Registrant, 'credential'> {
    const address = clientAddress(request);
    return { address, addressKey: addressKey(address), requestId: requestId(request) };
  }

  /** RFC 7591 3.2.1: all metadata that is registered now, with what the server chose. */
  private answer(request: WebRequest, { client, secret, registrationToken }: Registered, status: number): Reply {
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

/** RFC 6750 3.1: who sent no token is told which kind is wanted, and no error. */
function tokenNeeded(request: WebRequest): Reply {
  return Reply.json(
    { error: 'invalid_token', error_description: 'This needs a token in the Authorization header.' },
    { status: 401, headers: { 'WWW-Authenticate': bearerChallenge(), ...corsHeaders(request) } },
  );
}

function allowPage(request: WebRequest, redirectUris: unknown): void {
  const origin = header(request, 'origin');
  if (origin === undefined || origin === 'null' || !Array.isArray(redirectUris)) return;
  const own = redirectUris
    .slice(0, 50)
    .some((uri) => typeof uri === 'string' && URL.canParse(uri) && new URL(uri).origin === origin);
  if (own) allowOrigin(request, origin);
}
