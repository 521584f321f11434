export type OutboundReason =
  | 'scheme'
  | 'credentials'
  | 'address'
  | 'name'
  | 'network'
  | 'timeout'
  | 'aborted'
  | 'too_large'
  | 'redirect'
  | 'status'
  | 'content_type'
  | 'encoding';

const sentences: Readonly<Record<OutboundReason, string>> = {
  scheme: 'only https is fetched (http on this machine alone, where that is allowed)',
  credentials: 'the address holds a user name or password',
  address: 'the host is not on the public internet, and its network is not allowed',
  name: 'the host name is not known',
  network: 'the host cannot be reached, or the connection broke off',
  timeout: 'the answer took too long',
  aborted: 'the request was given up',
  too_large: 'the answer is too large',
  redirect: 'the answer is a redirect, and none is followed',
  status: 'the answer is not 200',
  content_type: 'the answer is of another content type',
  encoding: 'the answer is compressed, which was not asked for',
};

/** A request to another server was not made, or its response was rejected. `reason` is stable; log the cause. */
export class OutboundRefused extends Error {
  constructor(
    readonly reason: OutboundReason,
    options: ErrorOptions & { readonly host?: string } = {},
  ) {
    super(options.host === undefined ? sentences[reason] : `${options.host}: ${sentences[reason]}`, options);
    this.name = 'OutboundRefused';
  }
}
