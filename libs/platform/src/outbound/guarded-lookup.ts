import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import type { AddressList } from './address-list.js';
import { loopbackAddresses } from './loopback.js';
import { OutboundRefused } from './outbound-refused.js';
import { isPublicAddress } from './public-address.js';

export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** Resolves a name to all of its addresses; tests replace it. */
export type Resolve = (hostname: string) => Promise<readonly ResolvedAddress[]>;

export const systemResolve: Resolve = (hostname) => lookup(hostname, { all: true });

/**
 * The addresses of a host to which a connection is allowed. The name is resolved once and the connection uses the result, so
 * that a later answer of the name server (DNS rebinding) has no effect.
 * @throws OutboundRefused address, name, scheme
 */
export async function permittedAddresses(
  url: URL,
  allow: AddressList,
  resolve: Resolve,
): Promise<readonly ResolvedAddress[]> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const found = isIP(host) === 0 ? await resolveName(host, resolve) : [{ address: host, family: isIP(host) }];
  const permitted = found.filter(({ address }) => allow.has(address) || isPublicAddress(address));
  if (permitted.length === 0) throw new OutboundRefused('address', { host });
  if (url.protocol === 'https:') return permitted;
  const own = permitted.filter(({ address }) => loopbackAddresses.has(address));
  if (own.length === 0) throw new OutboundRefused('scheme', { host });
  return own;
}

async function resolveName(host: string, resolve: Resolve): Promise<readonly ResolvedAddress[]> {
  try {
    return await resolve(host);
  } catch (cause) {
    throw new OutboundRefused('name', { host, cause });
  }
}

/** A lookup function that returns only the checked addresses. */
export function pinnedLookup(addresses: readonly ResolvedAddress[]): LookupFunction {
  return (_hostname, options, callback) => {
    const [first] = addresses;
    if (options.all === true) callback(null, [...addresses]);
    else if (first) callback(null, first.address, first.family);
    else callback(new OutboundRefused('address'), '', 0);
  };
}
