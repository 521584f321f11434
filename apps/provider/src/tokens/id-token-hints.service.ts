import { Inject, Injectable } from '@nestjs/common';
import { isMacAlgorithm, parseJws } from '@gatehouse/domain/jose';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { ClientsService } from '../clients/clients.service.js';
import { ClientKeys } from '../clients/keys/client-keys.service.js';
import { SETTINGS } from '../config/settings.token.js';
import type { Settings } from '../config/settings.js';
import { isJwe } from '../keys/jwe.js';
import { JweDecrypter } from '../keys/jwe-decrypter.js';
import { JwtSigner } from '../keys/jwt-signer.js';

const maxHintCharacters = 12_000;

/** An ID token that this server issued, expired or not. */
export interface IdTokenHint {
  readonly claims: Readonly<Record<string, unknown>>;
  /** `server key`: only this server can have signed it. `client secret`: the client itself could have written it. */
  readonly signedBy: 'server key' | 'client secret';
}

/** Verifies ID tokens of this server that clients send back (`id_token_hint`), with any signature algorithm. */
@Injectable()
export class IdTokenHints {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(JwtSigner) private readonly signer: JwtSigner,
    @Inject(JweDecrypter) private readonly decrypter: JweDecrypter,
    @Inject(ClientsService) private readonly clients: ClientsService,
    @Inject(ClientKeys) private readonly keys: ClientKeys,
  ) {}

  /** The claims of {@link read}. */
  async verify(
    hint: string,
    clientId: string | undefined,
    now: EpochSeconds,
  ): Promise<Readonly<Record<string, unknown>> | undefined> {
    return (await this.read(hint, clientId, now))?.claims;
  }

  /**
   * Verifies an ID token that this server issued, expired or not; undefined for anything else.
   * @param clientId the sender; its secret decrypts what it encrypted (RP-Initiated Logout 2)
   * @see OpenID Connect Core 3.1.2.1
   */
  async read(hint: string, clientId: string | undefined, now: EpochSeconds): Promise<IdTokenHint | undefined> {
    const jwt = isJwe(hint) ? await this.open(hint, clientId, now) : hint;
    if (jwt === undefined) return undefined;
    const byKey = await this.signer.verify(jwt, 'JWT');
    const claims = byKey ?? (await this.verifyBySecret(jwt, clientId, now));
    if (claims?.['iss'] !== this.settings.issuer || (byKey && !hasMembersOfIdToken(claims))) return undefined;
    return { claims, signedBy: byKey ? 'server key' : 'client secret' };
  }

  /** A client decrypts an ID token and encrypts it again to this server (OpenID Connect Core 3.1.2.1). */
  private async open(hint: string, clientId: string | undefined, now: EpochSeconds): Promise<string | undefined> {
    const secrets = clientId === undefined ? [] : await this.clients.knownSecrets(clientId, now);
    return (await this.decrypter.open(hint, { secrets, maxLength: maxHintCharacters, now }))?.content;
  }

  /**
   * Verifies a signature with the secret of the client that `aud` names, if its ID tokens are signed so. That client
   * could have written the token itself, so it proves nothing when another client sends it.
   */
  private async verifyBySecret(
    jwt: string,
    clientId: string | undefined,
    now: EpochSeconds,
  ): Promise<Readonly<Record<string, unknown>> | undefined> {
    const audience = parseJws(jwt, { maxLength: maxHintCharacters })?.payload['aud'];
    if (clientId !== undefined && audience !== clientId) return undefined;
    const client = typeof audience === 'string' ? await this.clients.find(audience) : undefined;
    if (!client || client.disabledAt !== undefined || !isMacAlgorithm(client.idTokenSignedResponseAlg))
      return undefined;
    const algorithms = [client.idTokenSignedResponseAlg];
    const jws = await this.keys.verify(client, jwt, { algorithms, maxLength: maxHintCharacters, now });
    return typeof jws === 'object' ? jws.payload : undefined;
  }
}

/** UserInfo and JARM responses are signed with the same keys and `typ` (OpenID Connect Core 2, RFC 8725 3.12). */
function hasMembersOfIdToken({ sub, aud, exp, iat }: Readonly<Record<string, unknown>>): boolean {
  return typeof sub === 'string' && typeof aud === 'string' && typeof exp === 'number' && typeof iat === 'number';
}
