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

/** openid-client's configuration for a provider, with cached metadata. */
@Injectable()
export class RelyingParty {
  private readonly metadata = new Map<string, { readonly server: ServerMetadata; readonly at: number }>();

  constructor(
    @Inject(Clock) private readonly clock: Clock,
    @Inject(ProviderFetch) private readonly provider: ProviderFetch,
  ) {}

  /**
   * The configuration for one login or call. Signatures of ID tokens are verified even from the token endpoint.
   * @param recorder records requests and responses
   * @throws errors of openid-client when the metadata is unavailable
   */
  async configuration(provider: Registration, recorder: MessageRecorder): Promise<Configuration> {
    const fetch = recorder.recording(this.provider.fetch);
    const server = this.cachedMetadata(provider.issuer) ?? (await this.discover(provider.issuer, fetch));
    // openid-client uses the system clock; the skew adjusts it to the injected one.
    const skew = this.clock.now() - Math.floor(Date.now() / 1000);
    const configuration = new Configuration(
      server,
      provider.clientId,
      {
        [clockSkew]: skew,
        // Without it, openid-client accepts every algorithm in the provider's metadata.
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
   * Fetches an issuer's metadata without using the cache.
   * @returns without malformed members
   * @throws errors of openid-client: unreachable, not JSON, another issuer; UnusableMetadata when the issuer is not a URL
   */
  async discover(issuer: string, fetch: CustomFetch = this.provider.fetch): Promise<ServerMetadata> {
    const configuration = await discovery(new URL(issuer), 'discovery', undefined, undefined, {
      [customFetch]: fetch,
      timeout: timeoutSeconds,
      execute: isPlainHttp(issuer) ? [allowInsecureRequests] : [],
    }).catch((error: unknown) => {
      throw isInvalidUrl(error)
        ? new UnusableMetadata('the issuer in the metadata is not a URL', { cause: error })
        : error;
    });
    const server = wellFormedMetadata(configuration.serverMetadata());
    if (this.metadata.size >= 2 * maxProviders) this.metadata.clear();
    this.metadata.set(server.issuer, { server, at: this.clock.now() });
    return server;
  }

  private cachedMetadata(issuer: string): ServerMetadata | undefined {
    const cached = this.metadata.get(issuer);
    return cached && this.clock.now() - cached.at < metadataSeconds ? cached.server : undefined;
  }
}

/** RFC 8414 2: client_secret_basic is the default if no methods are listed. */
function authenticationOf(provider: Registration, server: ServerMetadata): ClientAuth {
  if (provider.clientSecret === undefined) return None();
  const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  return methods.includes('client_secret_basic') || !methods.includes('client_secret_post')
    ? ClientSecretBasic(provider.clientSecret)
    : ClientSecretPost(provider.clientSecret);
}

/** True for the error of `new URL`, also as a cause: openid-client passes it on when it compares issuers. */
function isInvalidUrl(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  if ('code' in error && error.code === 'ERR_INVALID_URL') return true;
  return 'cause' in error && isInvalidUrl(error.cause);
}

/** The guarded HTTP client decides whether plain http is allowed. */
function isPlainHttp(issuer: string): boolean {
  return new URL(issuer).protocol === 'http:';
}
