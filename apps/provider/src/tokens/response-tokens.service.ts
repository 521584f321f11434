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

/** How an answer is encrypted to a client. */
export interface ResponseEncryption {
  readonly alg: KeyManagementAlgorithm;
  readonly enc: ContentEncryptionAlgorithm;
}

/** Answers to clients as JWTs: signed as the client registered it, then, where it registered that too, encrypted to it. */
@Injectable()
export class ResponseTokens {
  constructor(
    @Inject(JwtSigner) private readonly signer: JwtSigner,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(ClientKeys) private readonly keys: ClientKeys,
  ) {}

  /**
   * An ID token (OpenID Connect Core 2, 3.1.3.7).
   * @throws OAuthError invalid_request when the client has no key to encrypt to
   */
  async idToken(client: Client, claims: object, now: EpochSeconds): Promise<string> {
    return this.asIdToken(client, 'JWT', claims, now);
  }

  /**
   * A logout token: signed, and encrypted, as the client's ID tokens are (Back-Channel Logout 1.0, 2.4).
   * @throws OAuthError invalid_request when the client has no key to encrypt to
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
   * A UserInfo answer: signed, encrypted, or both, nested (OpenID Connect Core 5.3.2).
   * @returns undefined where the client registered neither: it gets plain JSON
   * @throws OAuthError invalid_request when the client has no key to encrypt to
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
   * An answer of the authorization endpoint (JARM 2.1, 2.2).
   * @throws OAuthError invalid_request when the client has no key to encrypt to
   */
  async authorization(client: Client, claims: object, context: KeyContext): Promise<string> {
    const signed = await this.sign(client, client.authorizationSignedResponseAlg ?? 'RS256', claims, context.now);
    const encryption = encryptionOf(client.authorizationEncryptedResponseAlg, client.authorizationEncryptedResponseEnc);
    return encryption ? this.encrypt(client, signed, { ...encryption, cty: 'JWT' }, context) : signed;
  }

  /**
   * An introspection answer (RFC 9701 5).
   * @throws OAuthError invalid_request when the client has no key to encrypt to
   */
  async introspection(client: Client, claims: object, now: EpochSeconds): Promise<string> {
    const algorithm = client.introspectionSignedResponseAlg ?? 'RS256';
    const signed = await this.sign(client, algorithm, claims, now, 'token-introspection+jwt');
    const encryption = encryptionOf(client.introspectionEncryptedResponseAlg, client.introspectionEncryptedResponseEnc);
    return encryption ? this.encrypt(client, signed, { ...encryption, cty: 'JWT' }, { now }) : signed;
  }

  /** A JWT by one of our keys, or by the client's secret. */
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
   * @param header `cty` is `JWT` where the content is one (RFC 7519 5.2)
   * @throws OAuthError invalid_request when the client has no key for this, or it cannot be fetched
   */
  async encrypt(
    client: Client,
    content: string,
    header: ResponseEncryption & { readonly cty?: 'JWT' },
    context: KeyContext,
  ): Promise<string> {
    const found = await this.keys.findEncryptionKey(client, header.alg, header.enc, context);
    // Never in the clear instead: the client asked for this so that nobody else reads it.
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
    // The newest: whoever rotates takes it over before the old one ends.
    const [secret] = await this.clients.knownSecrets(client.id, now);
    if (secret === undefined)
      throw new Error(`client ${client.id} is registered for ${algorithm} and has no secret kept`);
    const input = encodeSigningInput({ alg: algorithm, typ: type }, claims);
    return `${input}.${macOf(algorithm, secret, input).toString('base64url')}`;
  }
}

function encryptionOf(
  alg: KeyManagementAlgorithm | undefined,
  enc: ContentEncryptionAlgorithm | undefined,
): ResponseEncryption | undefined {
  // OpenID Connect Registration 2: what an alg without enc means.
  return alg && { alg, enc: enc ?? 'A128CBC-HS256' };
}
