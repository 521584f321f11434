import { Inject, Injectable } from '@nestjs/common';
import {
  encodeSigningInput,
  isMacAlgorithm,
  macOf,
  type ContentEncryptionAlgorithm,
  type KeyManagementAlgorithm,
  type MacAlgorithm,
  type SignatureAlgorithm,
} from '@gatehouse/domain/jose';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { OAuthError, type Client } from '@gatehouse/domain/oauth';
import { logoutTokenType } from '@gatehouse/domain/oidc';
import { ClientsService } from '../clients/clients.service.js';
import { ClientKeys, type KeyContext } from '../clients/keys/client-keys.service.js';
import { encryptJwe } from '../keys/jwe.js';
import { JwtSigner } from '../keys/jwt-signer.js';

/** How a response is encrypted to a client. */
export interface ResponseEncryption {
  readonly alg: KeyManagementAlgorithm;
  readonly enc: ContentEncryptionAlgorithm;
}

/** Responses to clients as JWTs: signed, and optionally encrypted, as the client registered. */
@Injectable()
export class ResponseTokens {
  constructor(
    @Inject(JwtSigner) private readonly signer: JwtSigner,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(ClientKeys) private readonly keys: ClientKeys,
  ) {}

  /**
   * An ID token (OpenID Connect Core 2, 3.1.3.7).
   * @throws OAuthError invalid_request if the client has no encryption key
   */
  async idToken(client: Client, claims: object, now: EpochSeconds): Promise<string> {
    return this.asIdToken(client, 'JWT', claims, now);
  }

  /**
   * A logout token: signed, and encrypted, as the client's ID tokens are (Back-Channel Logout 1.0, 2.4).
   * @throws OAuthError invalid_request if the client has no encryption key
   */
  async logoutToken(client: Client, claims: object, now: EpochSeconds): Promise<string> {
    return this.asIdToken(client, logoutTokenType, claims, now);
  }

  private async asIdToken(client: Client, type: string, claims: object, now: EpochSeconds): Promise<string> {
    const signed = await this.sign(client, client.idTokenSignedResponseAlg, claims, now, type);
    const encryption = encryptionOf(client.idTokenEncryptedResponseAlg, client.idTokenEncryptedResponseEnc);
    return encryption ? this.encrypt(client, signed, { ...encryption, cty: 'JWT' }, { now }) : signed;
  }

  /**
   * A UserInfo response: signed, encrypted, or both, nested (OpenID Connect Core 5.3.2).
   * @returns undefined if the client registered neither: the response is plain JSON
   * @throws OAuthError invalid_request if the client has no encryption key
   */
  async userinfo(client: Client, claims: object, context: KeyContext): Promise<string | undefined> {
    const algorithm = client.userinfoSignedResponseAlg;
    const encryption = encryptionOf(client.userinfoEncryptedResponseAlg, client.userinfoEncryptedResponseEnc);
    const signed = algorithm && (await this.sign(client, algorithm, claims, context.now));
    if (!encryption) return signed;
    if (signed === undefined) return this.encrypt(client, JSON.stringify(claims), encryption, context);
    return this.encrypt(client, signed, { ...encryption, cty: 'JWT' }, context);
  }

  /**
   * A response of the authorization endpoint (JARM 2.1, 2.2).
   * @throws OAuthError invalid_request if the client has no encryption key
   */
  async authorization(client: Client, claims: object, context: KeyContext): Promise<string> {
    const signed = await this.sign(client, client.authorizationSignedResponseAlg ?? 'RS256', claims, context.now);
    const encryption = encryptionOf(client.authorizationEncryptedResponseAlg, client.authorizationEncryptedResponseEnc);
    return encryption ? this.encrypt(client, signed, { ...encryption, cty: 'JWT' }, context) : signed;
  }

  /**
   * An introspection response (RFC 9701 5).
   * @throws OAuthError invalid_request if the client has no encryption key
   */
  async introspection(client: Client, claims: object, now: EpochSeconds): Promise<string> {
    const algorithm = client.introspectionSignedResponseAlg ?? 'RS256';
    const signed = await this.sign(client, algorithm, claims, now, 'token-introspection+jwt');
    const encryption = encryptionOf(client.introspectionEncryptedResponseAlg, client.introspectionEncryptedResponseEnc);
    return encryption ? this.encrypt(client, signed, { ...encryption, cty: 'JWT' }, { now }) : signed;
  }

  /** Signs a JWT with a key of this server or the client's secret. */
  async sign(
    client: Client,
    algorithm: SignatureAlgorithm,
    claims: object,
    now: EpochSeconds,
    type = 'JWT',
  ): Promise<string> {
    return isMacAlgorithm(algorithm)
      ? this.signBySecret(client, { algorithm, type }, claims, now)
      : this.signer.sign(algorithm, type, claims, now);
  }

  /**
   * Encrypts to the client.
   * @param header `cty` is `JWT` if the content is one (RFC 7519 5.2)
   * @throws OAuthError invalid_request if the client has no suitable key, or it cannot be fetched
   */
  async encrypt(
    client: Client,
    content: string,
    header: ResponseEncryption & { readonly cty?: 'JWT' },
    context: KeyContext,
  ): Promise<string> {
    const found = await this.keys.findEncryptionKey(client, header.alg, header.enc, context);
    // Never sent unencrypted instead: the client registered encryption to keep it confidential.
    if (!found)
      throw new OAuthError('invalid_request', 'No key of this client fits the encryption that it registered.', {
        reason: 'client_keys.encryption',
      });
    return encryptJwe(content, { ...header, kid: found.kid }, found.key);
  }

  private async signBySecret(
    client: Client,
    { algorithm, type }: { readonly algorithm: MacAlgorithm; readonly type: string },
    claims: object,
    now: EpochSeconds,
  ): Promise<string> {
    // The newest secret: after a rotation, clients use it before the old one ends.
    const [secret] = await this.clients.knownSecrets(client.id, now);
    if (secret === undefined)
      throw new Error(
        `Client ${client.id} is registered for ${algorithm} but has no recoverable secret: rotate its secret.`,
      );
    const input = encodeSigningInput({ alg: algorithm, typ: type }, claims);
    return `${input}.${macOf(algorithm, secret, input).toString('base64url')}`;
  }
}

function encryptionOf(
  alg: KeyManagementAlgorithm | undefined,
  enc: ContentEncryptionAlgorithm | undefined,
): ResponseEncryption | undefined {
  // OpenID Connect Registration 2: the default of enc.
  return alg && { alg, enc: enc ?? 'A128CBC-HS256' };
}
