import type { KeyObject } from 'node:crypto';
import { compactDecrypt, CompactEncrypt, decodeProtectedHeader } from 'jose';
import {
  contentEncryptionAlgorithms,
  keyManagementAlgorithms,
  type ContentEncryptionAlgorithm,
  type KeyManagementAlgorithm,
} from '@gatehouse/domain/jose';

/** The supported part of the header of a JWE (RFC 7516 4.1). */
export interface JweHeader {
  readonly alg: KeyManagementAlgorithm;
  readonly enc: ContentEncryptionAlgorithm;
  readonly kid?: string | undefined;
  /** `JWT` when the content is one (RFC 7519 5.2). */
  readonly cty?: string | undefined;
}

/** True when a text has the five parts of a compact JWE (RFC 7516 3.1, 9). */
export function isJwe(text: string): boolean {
  return text.split('.', 6).length === 5;
}

/** @throws TypeError when the key does not match the algorithm, a programming error */
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

/** Parses the header of a JWE. @returns undefined for unsupported algorithms, `crit` or `zip` */
export function readJweHeader(jwe: string): JweHeader | undefined {
  try {
    const header: Readonly<Record<string, unknown>> = decodeProtectedHeader(jwe);
    const alg = keyManagementAlgorithms.find((each) => each === header['alg']);
    const enc = contentEncryptionAlgorithms.find((each) => each === header['enc']);
    // RFC 8725 3.6: no decompression of untrusted data.
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

/** @returns the content; undefined when the key does not decrypt it, or the content is not UTF-8 */
export async function decryptJwe(jwe: string, header: JweHeader, key: KeyObject | Buffer): Promise<string | undefined> {
  try {
    const { plaintext } = await compactDecrypt(jwe, key, {
      keyManagementAlgorithms: [header.alg],
      contentEncryptionAlgorithms: [header.enc],
    });
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(plaintext);
  } catch {
    // The library and WebCrypto throw many kinds of errors for untrusted input; all mean that decryption failed.
    return undefined;
  }
}
