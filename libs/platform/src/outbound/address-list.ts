import ipaddr from 'ipaddr.js';

type Range = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

/** Canonical form of an address: no zone, IPv4-mapped IPv6 (`::ffff:192.0.2.1`) as IPv4. Undefined if it is not one. */
export function normalAddress(text: string): string | undefined {
  const bare = text.split('%')[0] ?? '';
  const parsed = parseAddress(bare);
  return parsed?.toString();
}

/** Dotted decimal IPv4 or IPv6; rejects forms like `0x7f.1`, which ipaddr.js accepts. */
function parseAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  if (!text.includes(':') || !ipaddr.IPv6.isValid(text)) return undefined;
  return ipaddr.process(text);
}

/** A set of networks (CIDR) and single addresses, IPv4 and IPv6. */
export class AddressList {
  private constructor(
    private readonly ranges: readonly Range[],
    private readonly texts: readonly string[],
  ) {}

  static readonly empty = new AddressList([], []);

  /** Undefined when an entry is neither an address nor a network. */
  static parse(texts: readonly string[]): AddressList | undefined {
    const ranges = texts.map(parseRange);
    return ranges.every((range) => range !== undefined) ? new AddressList(ranges, texts) : undefined;
  }

  get isEmpty(): boolean {
    return this.ranges.length === 0;
  }

  has(address: string): boolean {
    if (this.isEmpty) return false;
    const parsed = parseAddress(address.split('%')[0] ?? '');
    if (!parsed) return false;
    return this.ranges.some(([network, bits]) => network.kind() === parsed.kind() && matches(parsed, network, bits));
  }

  /** A list with additional entries, which must be valid constants. @throws RangeError */
  with(texts: readonly string[]): AddressList {
    const more = AddressList.parse([...this.texts, ...texts]);
    if (!more) throw new RangeError('not a network or address');
    return more;
  }

  get size(): number {
    return this.ranges.length;
  }

  toString(): string {
    return this.texts.join(',');
  }
}

function matches(address: ipaddr.IPv4 | ipaddr.IPv6, network: ipaddr.IPv4 | ipaddr.IPv6, bits: number): boolean {
  if (address instanceof ipaddr.IPv4) return network instanceof ipaddr.IPv4 && address.match(network, bits);
  return network instanceof ipaddr.IPv6 && address.match(network, bits);
}

function parseRange(text: string): Range | undefined {
  const [host = '', prefix, ...more] = text.split('/');
  const network = parseAddress(host);
  if (!network || more.length > 0) return undefined;
  const maxBits = network instanceof ipaddr.IPv4 ? 32 : 128;
  if (prefix === undefined) return [network, maxBits];
  const bits = /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
  return bits <= maxBits ? [network, bits] : undefined;
}
