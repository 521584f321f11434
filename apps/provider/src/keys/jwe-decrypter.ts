import { Inject, Injectable } from '@nestjs/common';
import { keyFromSecret, publicKeyManagementAlgorithms, secretKeyManagementAlgorithms } from '@gatehouse/domain/jose';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { decryptJwe, readJweHeader, type JweHeader } from './jwe.js';
import { encryptionKind } from './key-kinds.js';
import { KeysService } from './keys.service.js';

/** A decrypted JWE. */
export interface OpenedJwe {
  readonly header: JweHeader;
  readonly content: string;
}

/** Decrypts JWEs that are encrypted to a public key of this server, or with a key derived from a client secret. */
@Injectable()
export class JweDecrypter {
  constructor(@Inject(KeysService) private readonly keys: KeysService) {}

  /**
   * @param secrets of the sending client; empty if it may only use public keys
   * @param maxLength in characters; a longer JWE is not decrypted
   * @returns undefined when it is malformed or unsupported, or when no key decrypts it: the sender must not be able to
   *   distinguish these cases (RFC 7516 11.5)
   */
  async open(
    jwe: string,
    options: { readonly secrets: readonly string[]; readonly maxLength: number; readonly now: EpochSeconds },
  ): Promise<OpenedJwe | undefined> {
    if (jwe.length > options.maxLength) return undefined;
    const header = readJweHeader(jwe);
    if (!header) return undefined;
    for (const key of await this.candidates(header, options)) {
      const content = await decryptJwe(jwe, header, key);
      if (content !== undefined) return { header, content };
    }
    return undefined;
  }

  private async candidates(
    header: JweHeader,
    { secrets, now }: { readonly secrets: readonly string[]; readonly now: EpochSeconds },
  ) {
    const bySecret = secretKeyManagementAlgorithms.find((each) => each === header.alg);
    if (bySecret !== undefined) return secrets.map((secret) => keyFromSecret(secret, bySecret, header.enc));
    const byKey = publicKeyManagementAlgorithms.find((each) => each === header.alg);
    if (byKey === undefined) return [];
    const published = await this.keys.published(now);
    return published
      .filter((key) => key.kind === encryptionKind(byKey) && (header.kid === undefined || header.kid === key.kid))
      .map((key) => key.privateKey);
  }
}
