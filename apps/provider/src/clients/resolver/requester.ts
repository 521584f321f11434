/** The origin of a request that names a client, for rate limits, quotas and the audit log. */
export interface Requester {
  readonly address: string;
  /** The source for rate limits: an IPv4 address, or the /64 of an IPv6 address. */
  readonly addressKey: string;
  readonly requestId: string;
}
