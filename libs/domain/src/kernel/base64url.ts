/** Base64url without padding (RFC 4648 5, RFC 7515 2). */
export function encodeBase64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url');
}

/** Decodes unpadded base64url; undefined for anything that {@link encodeBase64url} does not produce. */
export function decodeBase64url(text: string): Buffer | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  // Unused bits must be zero: with two encodings of one value a modified token would be accepted.
  return bytes.toString('base64url') === text ? bytes : undefined;
}
