import { Inject, Injectable } from '@nestjs/common';
import { keyFromSecret, publicKeyManagementAlgorithms, secretKeyManagementAlgorithms } from '@gatehouse/domain/jose';
import type { EpochSeconds } from '@gatehouse/domain/kernel';
import { decryptJwe, readJweHeader, type JweHeader } from './jwe.js';
import { encryptionKind } from './key-kinds.js';
import { KeysService } from './keys.service.js';

/** A JWE that was opened. */
export interface OpenedJwe {
  readonly header: JweHeader;
  readonly content: string;
}

/** Opens what others encrypted to us: by our public keys, or by a key made of a client's secret. */
@Injectable()
export class JweDecrypter {
  constructor(@Inject(KeysService) private readonly keys: KeysService) {}

  /**
   * @param secrets of the client that sends it; none where it may use our public keys alone
   * @param maxLength in characters; longer ones are not looked at
   * @returns undefined when it is malformed, asks for what we do not do, or none of the keys opens it: all the same to
   *   whoever sent it (RFC 7516 11.5)
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
