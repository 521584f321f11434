import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '@gatehouse/platform/clock';
import {
  allowInsecureRequests,
  ClientSecretBasic,
  ClientSecretPost,
  clockSkew,
  Configuration,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  None,
  type ClientAuth,
  type CustomFetch,
  type ServerMetadata,
} from 'openid-client';
import { MessageRecorder } from '../flow/message-recorder.js';
import { maxProviders, type Provider } from './provider.js';
import { UnusableMetadata, wellFormedMetadata } from './provider-metadata.js';
import { ProviderFetch } from './provider-fetch.js';

const metadataSeconds = 600;
const timeoutSeconds = 10;

type Registration = Pick<Provider, 'issuer' | 'clientId' | 'clientSecret' | 'idTokenSignedResponseAlg'>;

/** This client as one provider knows it: openid-client's configuration, from metadata that is asked for now and then. */
@Injectable()
export class RelyingParty {
  private readonly metadata = new Map<string, { readonly server: ServerMetadata; readonly at: number }>();

  constructor(
    @Inject(Clock) private readonly clock: Clock,
    @Inject(ProviderFetch) private readonly provider: ProviderFetch,
  ) {}

  /**
   * Ready for one login or call. ID tokens are checked by their signature too, whatever channel they came through.
   * @param recorder writes down what is sent and received
   * @throws what openid-client throws when the metadata cannot be had
   */
  async configuration(provider: Registration, recorder: MessageRecorder): Promise<Configuration> {
    const fetch = recorder.recording(this.provider.fetch);
    const server = this.remembered(provider.issuer) ?? (await this.discover(provider.issuer, fetch));
    // openid-client reads the machine's clock; ours decides.
    const skew = this.clock.now() - Math.floor(Date.now() / 1000);
    const configuration = new Configuration(
      server,
      provider.clientId,
      {
        [clockSkew]: skew,
        // Without it, openid-client accepts every algorithm that the provider's metadata lists.
        ...(provider.idTokenSignedResponseAlg === undefined
          ? {}
          : { id_token_signed_response_alg: provider.idTokenSignedResponseAlg }),
      },
      authenticationOf(provider, server),
    );
    configuration[customFetch] = fetch;
    configuration.timeout = timeoutSeconds;
    if (isPlainHttp(provider.issuer)) allowInsecureRequests(configuration);
    enableNonRepudiationChecks(configuration);
    return configuration;
  }

  /**
   * Asks an issuer for its metadata, past what is remembered.
   * @returns without members that are malformed
   * @throws what openid-client throws: not reachable, no JSON, another issuer; UnusableMetadata when the issuer is no URL
   */
  async discover(issuer: string, fetch: CustomFetch = this.provider.fetch): Promise<ServerMetadata> {
    const configuration = await discovery(new URL(issuer), 'discovery', undefined, undefined, {
      [customFetch]: fetch,
      timeout: timeoutSeconds,
      execute: isPlainHttp(issuer) ? [allowInsecureRequests] : [],
    }).catch((error: unknown) => {
      throw isInvalidUrl(error)
        ? new UnusableMetadata('the issuer in the metadata is no URL', { cause: error })
        : error;
    });
    const server = wellFormedMetadata(configuration.serverMetadata());
    if (this.metadata.size >= 2 * maxProviders) this.metadata.clear();
    this.metadata.set(server.issuer, { server, at: this.clock.now() });
    return server;
  }

  private remembered(issuer: string): ServerMetadata | undefined {
    const known = this.metadata.get(issuer);
    return known && this.clock.now() - known.at < metadataSeconds ? known.server : undefined;
  }
}

/** RFC 8414 2: a provider that lists no methods takes client_secret_basic. */
function authenticationOf(provider: Registration, server: ServerMetadata): ClientAuth {
  if (provider.clientSecret === undefined) return None();
  const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  return methods.includes('client_secret_basic') || !methods.includes('client_secret_post')
    ? ClientSecretBasic(provider.clientSecret)
    : ClientSecretPost(provider.clientSecret);
}

/** True for what `new URL` throws, also as a cause: openid-client passes it on when it compares issuers. */
function isInvalidUrl(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  if ('code' in error && error.code === 'ERR_INVALID_URL') return true;
  return 'cause' in error && isInvalidUrl(error.cause);
}

/** Whether plain http may be used at all is for the guarded client to say: it lets loopback through where that is allowed. */
function isPlainHttp(issuer: string): boolean {
  return new URL(issuer).protocol === 'http:';
}
