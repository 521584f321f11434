import ipaddr from 'ipaddr.js';
import { AddressList, normalAddress } from './address-list.js';

/** The part of IPv6 for global unicast; everything else is private or special. */
const PUBLIC_IPV6 = AddressList.empty.with(['2000::/3']);
/** Prefix for IPv4 addresses in IPv6-only networks; the last four bytes are the address. @see RFC 6052 2.1 */
const NAT64 = AddressList.empty.with(['64:ff9b::/96']);
/** Public address space that is internal to a cloud: Azure's WireServer. */
const INSIDE_CLOUDS = AddressList.empty.with(['168.63.129.16']);

/**
 * True for addresses on the public internet: not this machine, nor a private, shared, link-local or reserved network (which
 * include cloud metadata services), in any notation.
 * @see RFC 6890
 */
export function isPublicAddress(address: string): boolean {
  const text = normalAddress(address);
  if (text === undefined) return false;
  const parsed = ipaddr.parse(text);
  if (parsed instanceof ipaddr.IPv4) return parsed.range() === 'unicast' && !INSIDE_CLOUDS.has(text);
  if (NAT64.has(text)) return isPublicAddress(parsed.toByteArray().slice(-4).join('.'));
  return parsed.range() === 'unicast' && PUBLIC_IPV6.has(text);
}
