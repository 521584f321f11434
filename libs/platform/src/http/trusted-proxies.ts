import { AddressList, normalAddress } from '../outbound/address-list.js';

export { normalAddress };

/** Entries further left are ignored. */
const MAX_HOPS = 32;

/** The proxies whose `X-Forwarded-For` is trusted. */
export class TrustedProxies {
  constructor(private readonly proxies: AddressList) {}

  /**
   * @param remote address of the connection
   * @param forwarded the header, to which each proxy appends the address of its client
   */
  clientBehind(remote: string, forwarded: string | readonly string[] | undefined): string {
    if (forwarded === undefined || !this.proxies.has(remote)) return remote;
    const text = typeof forwarded === 'string' ? forwarded : forwarded.join(',');
    const chain = text.split(',').slice(-MAX_HOPS).reverse();
    let client = remote;
    for (const hop of chain) {
      const address = normalAddress(withoutPort(hop.trim()));
      // Not an address, so not written by a trusted proxy: the last trusted address represents everything behind it.
      if (address === undefined) return client;
      client = address;
      if (!this.proxies.has(address)) return client;
    }
    return client;
  }
}

export const trustsNoProxy = new TrustedProxies(AddressList.empty);

/** Some proxies write `192.0.2.1:4711` or `[2001:db8::1]:4711`. */
function withoutPort(text: string): string {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(text);
  if (bracketed) return bracketed[1] ?? text;
  return /^[\d.]+:\d+$/.test(text) ? text.slice(0, text.indexOf(':')) : text;
}
