import { Inject, Injectable } from '@nestjs/common';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { isClientIdUrl, OAuthError, unmetProfile, type Client } from '@gatehouse/domain/oauth';
import { Store } from '@gatehouse/platform/database/store';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { routes } from '../../web/routes.js';
import { ReplayCache } from '../../replay/replay-cache.service.js';
import { ClientsService, type VersionedClient } from '../clients.service.js';
import { ClientResolver } from '../resolver/client-resolver.service.js';
import { ClientKeys } from '../keys/client-keys.service.js';
import { assertionBudget, clientSecretJwt, hasAssertion, privateKeyJwt } from './client-assertion.js';
import type { ClientAuthentication, PresentedCredentials } from './client-authentication.js';
import { clientSecretBasic } from './client-secret-basic.js';
import { clientSecretPost } from './client-secret-post.js';
import { none } from './none.js';

/** Authenticates the client at every endpoint that clients call. */
@Injectable()
export class ClientAuthenticator {
  /** All methods; discovery lists them. */
  readonly methods: readonly ClientAuthentication[];
  /** The algorithms of all methods that use signatures. */
  readonly signingAlgorithms: readonly string[];

  constructor(
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(ClientResolver) private readonly resolver: ClientResolver,
    @Inject(SETTINGS) { issuer }: Settings,
    @Inject(Store) store: Store,
    @Inject(ClientKeys) keys: ClientKeys,
    @Inject(ReplayCache) replay: ReplayCache,
  ) {
    const verifiers = { issuer, store, keys, replay, unapprovedBudget: assertionBudget() };
    this.methods = [
      clientSecretBasic(clients),
      clientSecretPost(clients),
      clientSecretJwt(verifiers),
      privateKeyJwt(verifiers),
      none,
    ];
    this.signingAlgorithms = this.methods.flatMap((method) => method.signingAlgorithms ?? []);
  }

  /**
   * The client, authenticated by the method that it is registered for.
   * @throws OAuthError invalid_client when it is unknown, disabled or not authenticated; invalid_request for two methods
   * @see RFC 6749 2.3, 3.2.1, 5.2
   */
  async authenticate(credentials: PresentedCredentials, now: EpochSeconds): Promise<VersionedClient> {
    const matching = this.methods.filter((method) => method.matches(credentials));
    const [method] = matching;
    if (matching.length > 1)
      throw new OAuthError('invalid_request', 'A client authenticates by one method at a time.', {
        reason: 'client_auth.several',
      });
    if (!method) throw invalidClient('The client did not authenticate.', 'client_auth.missing');
    const clientId = method.clientId(credentials);
    if (clientId === undefined) throw invalidClient('The client credentials are malformed.', 'client_auth.malformed');
    const bodyId = credentials.parameters.get('client_id');
    if (bodyId !== undefined && bodyId !== clientId)
      throw new OAuthError('invalid_request', 'The client_id differs from that of the credentials.', {
        reason: 'client_auth.two_ids',
      });
    const found = await this.find(clientId, credentials, now);
    const client = found?.client;
    if (!client || client.disabledAt !== undefined)
      throw invalidClient('The client is unknown or its credentials are wrong.', 'client_auth.unknown');
    const unmet = unmetProfile(client, 'invalid_client');
    if (unmet) throw unmet;
    if (client.authMethod !== method.name) {
      const isSecretSent = [client.authMethod, method.name].every((name) => secretMethods.includes(name));
      throw new WrongAuthMethod(client, isSecretSent && (await method.authenticate(credentials, client, now)));
    }
    if (!(await method.authenticate(credentials, client, now)))
      throw invalidClient('The client is unknown or its credentials are wrong.', 'client_auth.wrong');
    this.clients.noteUse(client.id, now);
    return found;
  }

  /**
   * Authenticates again when the client's credentials changed after the request was authenticated.
   * @throws OAuthError invalid_client, also for an assertion, which is valid for one authentication
   */
  async authenticateAgain(
    credentials: PresentedCredentials,
    { id }: Client,
    now: EpochSeconds,
  ): Promise<VersionedClient> {
    if (hasAssertion(credentials.parameters)) throw clientChanged();
    this.clients.evict(id);
    return this.authenticate(credentials, now);
  }

  /** At {@link entryEndpoints}, a client ID metadata document is resolved, as at the authorization endpoint. */
  private async find(
    clientId: string,
    { path, requester: asker }: PresentedCredentials,
    now: EpochSeconds,
  ): Promise<VersionedClient | undefined> {
    if (!isClientIdUrl(clientId) || !entryEndpoints.includes(path)) return this.clients.findVersioned(clientId);
    // Rate limited by the address of this request: an attacker may control any number of hosts.
    const client = await this.resolver.resolve(clientId, asker(), now);
    const stored = client && (await this.clients.findVersioned(clientId));
    return stored && { ...stored, client };
  }
}

/** The two ways to send the same secret. */
const secretMethods: readonly string[] = ['client_secret_basic', 'client_secret_post'];

/**
 * A client used another method than the one that it is registered for. The registered method is not secret, and naming it helps to
 * correct the client's configuration; whether the secret was right only goes to the record of failed requests.
 */
export class WrongAuthMethod extends OAuthError {
  /** The client, if the request had its secret. */
  readonly holder: Client | undefined;

  constructor(client: Client, isSecretRight: boolean) {
    super('invalid_client', `This client is registered for ${client.authMethod}.`, { reason: 'client_auth.method' });
    this.holder = isSecretRight ? client : undefined;
  }
}

/** Endpoints that may receive the first request of a client that is not stored yet. */
const entryEndpoints: readonly string[] = [routes.par, routes.deviceAuthorization];

export function clientChanged(): OAuthError {
  return invalidClient('The client was changed meanwhile. Authenticate again.', 'client_auth.changed');
}

function invalidClient(description: string, reason: string): OAuthError {
  return new OAuthError('invalid_client', description, { reason });
}
