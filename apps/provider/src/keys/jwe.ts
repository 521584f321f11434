import type { KeyObject } from 'node:crypto';
import { compactDecrypt, CompactEncrypt, decodeProtectedHeader } from 'jose';
import {
  contentEncryptionAlgorithms,
  keyManagementAlgorithms,
  type ContentEncryptionAlgorithm,
  type KeyManagementAlgorithm,
} from '@gatehouse/domain/jose';

/** The header of a JWE as far as we use it (RFC 7516 4.1). */
export interface JweHeader {
  readonly alg: KeyManagementAlgorithm;
  readonly enc: ContentEncryptionAlgorithm;
  readonly kid?: string | undefined;
  /** `JWT` where what is inside is one (RFC 7519 5.2). */
  readonly cty?: string | undefined;
}

/** True when a text has the five parts of a compact JWE (RFC 7516 3.1, 9). */
export function isJwe(text: string): boolean {
  return text.split('.', 6).length === 5;
}

/** @throws TypeError when the key does not fit the algorithm: whoever chose it knows better */
export async function encryptJwe(content: string, header: JweHeader, key: KeyObject | Buffer): Promise<string> {
  const { kid, cty } = header;
  return new CompactEncrypt(Buffer.from(content))
    .setProtectedHeader({
      alg: header.alg,
      enc: header.enc,
      ...(kid === undefined ? {} : { kid }),
      ...(cty === undefined ? {} : { cty }),
    })
    .encrypt(key);
}

/** The header of a JWE, where its algorithms are known here and it asks for nothing more: no `crit`, no `zip`. */
export function readJweHeader(jwe: string): JweHeader | undefined {
  try {
    const header: Readonly<Record<string, unknown>> = decodeProtectedHeader(jwe);
    const alg = keyManagementAlgorithms.find((each) => each === header['alg']);
    const enc = contentEncryptionAlgorithms.find((each) => each === header['enc']);
    // RFC 8725 3.6: what was compressed grows on arrival.
    if (alg === undefined || enc === undefined || 'crit' in header || 'zip' in header) return undefined;
    const { kid, cty } = header;
    return {
      alg,
      enc,
      kid: typeof kid === 'string' ? kid : undefined,
      cty: typeof cty === 'string' ? cty : undefined,
    };
  } catch {
    return undefined;
  }
}

/** The text inside; undefined when the key does not open it, or it is no UTF-8. */
export async function decryptJwe(jwe: string, header: JweHeader, key: KeyObject | Buffer): Promise<string | undefined> {
  try {
    const { plaintext } = await compactDecrypt(jwe, key, {
      keyManagementAlgorithms: [header.alg],
      contentEncryptionAlgorithms: [header.enc],
    });
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(plaintext);
  } catch {
    // Library and WebCrypto throw errors of many classes for a stranger's bytes; all of them mean that it does not open.
    return undefined;
  }
}
