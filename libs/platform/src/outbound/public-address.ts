import ipaddr from 'ipaddr.js';
import { AddressList, normalAddress } from './address-list.js';

/** The part of IPv6 that is given out to the public; all else is somebody's own, or special. */
const PUBLIC_IPV6 = AddressList.empty.with(['2000::/3']);
/** Where IPv6-only networks reach IPv4: the address is in the last four bytes. @see RFC 6052 2.1 */
const NAT64 = AddressList.empty.with(['64:ff9b::/96']);
/** Public by number, but answered by the machine's own cloud: Azure's WireServer. */
const INSIDE_CLOUDS = AddressList.empty.with(['168.63.129.16']);

/**
 * True for addresses on the open internet: not this machine, not a private, shared, link-local or reserved network
 * (cloud metadata lies in those), in whichever notation.
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
