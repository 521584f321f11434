import { isIP } from 'node:net';

/** This server as a WebAuthn relying party. */
export interface RelyingParty {
  /** The host that passkeys are bound to (WebAuthn 5.1.2, effective domain). */
  readonly id: string;
  readonly origin: string;
}

/**
 * Undefined where browsers do not support passkeys: on an IP address (WebAuthn 5.1.3 step 8: the effective domain must be a
 * domain), and over http other than on localhost (Secure Contexts 3.1).
 */
export function relyingPartyOf(issuer: string): RelyingParty | undefined {
  const { protocol, hostname, origin } = new URL(issuer);
  if (isIP(hostname.replace(/^\[|\]$/g, '')) !== 0) return undefined;
  if (protocol !== 'https:' && hostname !== 'localhost' && !hostname.endsWith('.localhost')) return undefined;
  return { id: hostname, origin };
}
