/** Where the request came from that names a client: rates, quotas and the audit log go by it. */
export interface Requester {
  readonly address: string;
  /** What counts as one source: an IPv4 address, or the /64 of an IPv6 address. */
  readonly addressKey: string;
  readonly requestId: string;
}
