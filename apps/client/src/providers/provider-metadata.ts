import type { ServerMetadata } from 'openid-client';

/** A provider's metadata cannot be used: a member that a login requires is missing or malformed. */
export class UnusableMetadata extends Error {
  override readonly name = 'UnusableMetadata';
}

const endpoints = [
  'authorization_endpoint',
  'token_endpoint',
  'userinfo_endpoint',
  'end_session_endpoint',
  'jwks_uri',
] as const;

const lists = ['token_endpoint_auth_methods_supported', 'id_token_signing_alg_values_supported'] as const;

/**
 * Removes members with malformed values that this client reads: openid-client only checks `issuer`.
 * @see OpenID Connect Discovery 1.0, 3
 */
export function wellFormedMetadata(server: ServerMetadata): ServerMetadata {
  const schemes = new URL(server.issuer).protocol === 'http:' ? ['http:', 'https:'] : ['https:'];
  const malformed = new Set<string>([
    ...endpoints.filter((name) => !isAddress(server[name], schemes)),
    ...lists.filter((name) => !isTextList(server[name])),
  ]);
  // Removing optional members does not change the type.
  return Object.fromEntries(
    Object.entries(server).filter(([name]) => !malformed.has(name)),
  ) as unknown as ServerMetadata;
}

/** @throws UnusableMetadata if a member that a login requires is missing */
export function checkLoginMetadata(server: ServerMetadata): void {
  const missing = (['authorization_endpoint', 'token_endpoint', 'jwks_uri'] as const).find(
    (name) => server[name] === undefined,
  );
  if (missing !== undefined) throw new UnusableMetadata(`the provider's metadata has no valid ${missing}`);
}

function isAddress(value: unknown, schemes: readonly string[]): boolean {
  return typeof value === 'string' && URL.canParse(value) && schemes.includes(new URL(value).protocol);
}

function isTextList(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}
