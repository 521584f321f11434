import { Inject, Injectable } from '@nestjs/common';
import { jwsAlgorithms, macAlgorithms, parseJws, type Jws } from '@gatehouse/domain/jose';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import {
  algorithmsUnder,
  OAuthError,
  requestObjectParameters,
  securityProfile,
  type Client,
} from '@gatehouse/domain/oauth';
import { OutboundRefused } from '@gatehouse/platform/outbound/outbound-refused';
import { ClientsService } from '../../clients/clients.service.js';
import { ClientKeys } from '../../clients/keys/client-keys.service.js';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { isJwe } from '../../keys/jwe.js';
import { JweDecrypter } from '../../keys/jwe-decrypter.js';
import { RequestObjectFetches, type FetchContext } from './request-object-fetches.js';

/** Encryption adds base64url twice, a third each time. */
const maxCharacters = 32_000;

/** Algorithms of request objects; `none` unless the client registered another one. */
export const requestObjectAlgorithms = [...jwsAlgorithms, ...macAlgorithms, 'none'] as const;

/** Request objects, by value and by reference (OpenID Connect Core 6, RFC 9101). */
@Injectable()
export class RequestObjects {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(RequestObjectFetches) private readonly fetches: RequestObjectFetches,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(ClientKeys) private readonly keys: ClientKeys,
    @Inject(JweDecrypter) private readonly decrypter: JweDecrypter,
  ) {}

  /**
   * The parameters of a request merged with those of its request object, which take precedence.
   * @param parameters of the query, including `request` or `request_uri`
   * @throws OAuthError invalid_request for both at once, invalid_request_uri, invalid_request_object,
   *   temporarily_unavailable when too many are being fetched
   */
  async resolve(
    parameters: ReadonlyMap<string, string>,
    client: Client,
    context: FetchContext,
  ): Promise<ReadonlyMap<string, string>> {
    const { now } = context;
    const byValue = parameters.get('request');
    const byReference = parameters.get('request_uri');
    if (byValue !== undefined && byReference !== undefined)
      // OpenID Connect Core 6.1, RFC 9101 5
      throw new OAuthError('invalid_request', 'A request must not contain both request and request_uri.', {
        reason: 'request_object.two',
      });
    const text = byValue ?? (byReference === undefined ? undefined : await this.fetch(byReference, client, context));
    if (text === undefined) return parameters;
    const jws = await this.read(text, client, context);
    return requestObjectParameters(
      { header: jws.header, claims: jws.payload },
      {
        outer: parameters,
        clientId: client.id,
        issuer: this.settings.issuer,
        now,
        // RFC 9101 6.3, 10.5; RFC 9126 3
        signedParametersOnly: client.requireSignedRequestObject,
        profile: securityProfile(client.securityProfile),
      },
    );
  }

  /** Decrypts the request object if it is encrypted, and verifies its signature. */
  private async read(text: string, client: Client, { addressKey, now }: FetchContext): Promise<Jws> {
    const jwt = isJwe(text) ? await this.decrypt(text, client, now) : text;
    const registered = client.requestObjectSigningAlg;
    // OpenID Connect Registration 2: without a registered algorithm any supported one is allowed, including none.
    if (!mustBeSigned(client) && (registered === 'none' || (registered === undefined && isUnsigned(jwt))))
      return readUnsigned(jwt);
    const supported = algorithmsUnder(client.securityProfile, [...jwsAlgorithms, ...macAlgorithms]);
    const algorithms = registered === undefined ? supported : supported.filter((each) => each === registered);
    const jws = await this.keys.verify(client, jwt, { algorithms, maxLength: maxCharacters, addressKey, now });
    if (jws === 'kid_missing')
      // RFC 7515 4.1.4, OpenID Connect Core 10.1
      throw new OAuthError(
        'invalid_request_object',
        'The client has several keys: the request object must name its key by kid.',
        { reason: 'request_object.kid' },
      );
    if (!jws) throw unreadable('request_object.signature');
    return jws;
  }

  private async decrypt(text: string, client: Client, now: EpochSeconds): Promise<string> {
    const secrets = await this.clients.knownSecrets(client.id, now);
    const opened = await this.decrypter.open(text, { secrets, maxLength: maxCharacters, now });
    if (!opened) throw unreadable('request_object.encryption');
    const { requestObjectEncryptionAlg: alg, requestObjectEncryptionEnc: enc } = client;
    if ((alg ?? opened.header.alg) !== opened.header.alg || (enc ?? opened.header.enc) !== opened.header.enc)
      throw unreadable('request_object.encryption_alg');
    return opened.content;
  }

  private async fetch(uri: string, client: Client, context: FetchContext): Promise<string> {
    const address = withoutFragment(uri);
    if (!client.requestUris.some((registered) => withoutFragment(registered) === address))
      throw invalidUri('The request_uri is not registered for this client.', 'request_uri.unregistered');
    try {
      const body = await this.fetches.fetch(address, client, { ...context, maxBodyBytes: maxCharacters });
      return body.toString('utf8').trim();
    } catch (error) {
      if (error instanceof OutboundRefused)
        throw invalidUri('The request_uri cannot be fetched.', `request_uri.${error.reason}`, error);
      throw error;
    }
  }
}

/**
 * The fragment of a request_uri tells a caching server when the content has changed. This server fetches it each time, so
 * the fragment is neither sent nor compared (OpenID Connect Core 6.2).
 */
function withoutFragment(uri: string): string {
  const at = uri.indexOf('#');
  return at < 0 ? uri : uri.slice(0, at);
}

/** True when the client or its security profile requires a signature. */
function mustBeSigned(client: Client): boolean {
  return client.requireSignedRequestObject || !securityProfile(client.securityProfile).unsignedRequestObjects;
}

function isUnsigned(jwt: string): boolean {
  return parseJws(jwt, { maxLength: maxCharacters })?.header.alg === 'none';
}

/** RFC 7515 A.5: with `none` the signature is empty; a non-empty one would go unverified. */
function readUnsigned(jwt: string): Jws {
  const jws = parseJws(jwt, { maxLength: maxCharacters });
  if (jws?.header.alg !== 'none' || jws.signature.length > 0) throw unreadable('request_object.alg');
  return jws;
}

function unreadable(reason: string): OAuthError {
  // One description for all cases: it must not reveal what is wrong inside an encrypted object.
  return new OAuthError('invalid_request_object', 'The request object is malformed or not signed as registered.', {
    reason,
  });
}

function invalidUri(description: string, reason: string, cause?: unknown): OAuthError {
  return new OAuthError('invalid_request_uri', description, { reason, cause });
}
