import { AddressList } from './address-list.js';

/** The networks of this machine alone. */
export const LOOPBACK_NETWORKS = ['127.0.0.0/8', '::1/128'] as const;

export const loopbackAddresses = AddressList.empty.with(LOOPBACK_NETWORKS);

/** True for hosts that never leave this machine: 127.0.0.0/8, [::1], localhost and the names under it (RFC 6761 6.3). */
export function isLoopbackHost(hostname: string): boolean {
  const name = hostname.toLowerCase().replace(/\.$/, '');
  if (name === 'localhost' || name.endsWith('.localhost')) return true;
  return loopbackAddresses.has(name.replace(/^\[|\]$/g, ''));
}
