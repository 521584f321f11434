/** Base64url without padding (RFC 4648 5, RFC 7515 2). */
export function encodeBase64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url');
}

/** The bytes of an unpadded base64url text; undefined for anything that {@link encodeBase64url} does not write. */
export function decodeBase64url(text: string): Buffer | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  // Two texts for one value would let a changed token pass as the same one: unused bits must be zero.
  return bytes.toString('base64url') === text ? bytes : undefined;
}
