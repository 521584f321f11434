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
  scheme: 'only https is allowed (http only on this machine, if enabled)',
  credentials: 'the URL contains a user name or password',
  address: 'the host is not on the public internet, and its network is not allowed',
  name: 'the host name is not known',
  network: 'the host cannot be reached, or the connection was lost',
  timeout: 'the response took too long',
  aborted: 'the request was aborted',
  too_large: 'the response is too large',
  redirect: 'the response is a redirect, which is not followed',
  status: 'the response status is not 200',
  content_type: 'the response has the wrong content type',
  encoding: 'the response is compressed although it must not be',
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
