import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AddressList } from './address-list.js';
import { permittedAddresses, pinnedLookup, systemResolve, type Resolve } from './guarded-lookup.js';
import { OutboundRefused } from './outbound-refused.js';

export interface OutboundOptions {
  /** Non-public networks that may be reached (`GATEHOUSE_OUTBOUND_ALLOW`). */
  readonly allow: AddressList;
  readonly userAgent: string;
  /** For the whole exchange: name resolution, connection, response. */
  readonly timeoutMilliseconds?: number | undefined;
  readonly maxBodyBytes?: number | undefined;
  readonly resolve?: Resolve | undefined;
  /** Trusted CA certificates instead of the system's, for tests and private authorities. */
  readonly ca?: string | readonly string[] | undefined;
}

export interface GetOptions {
  readonly accept?: string | undefined;
  /** Accepted media types such as `application/json`; any by default. */
  readonly contentTypes?: readonly string[] | undefined;
  readonly maxBodyBytes?: number | undefined;
  readonly timeoutMilliseconds?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The complete response of another server. */
export interface OutboundResponse {
  readonly status: number;
  readonly headers: Readonly<NodeJS.Dict<string | string[]>>;
  readonly body: Buffer;
}

interface Exchange {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
  readonly maxBodyBytes: number;
  readonly timeoutMilliseconds: number;
  readonly signal: AbortSignal | undefined;
}

const TIMEOUT_MILLISECONDS = 10_000;
const MAX_BODY_BYTES = 1024 * 1024;
const MAX_HEADER_BYTES = 16 * 1024;

/**
 * The only way to fetch URLs from untrusted sources: https only (http on this machine if allowed), public addresses or
 * allowed networks only, no redirects, limited in time and size. Keeps no connections open.
 */
export class Outbound {
  constructor(private readonly options: OutboundOptions) {}

  /**
   * Fetches a document.
   * @throws OutboundRefused
   */
  async get(address: string | URL, options: GetOptions = {}): Promise<OutboundResponse> {
    const url = new URL(address);
    const response = await this.exchange(url, {
      method: 'GET',
      headers: { accept: options.accept ?? options.contentTypes?.join(', ') ?? '*/*' },
      body: undefined,
      maxBodyBytes: options.maxBodyBytes ?? this.maxBodyBytes,
      timeoutMilliseconds: options.timeoutMilliseconds ?? this.timeoutMilliseconds,
      signal: options.signal,
    });
    const host = url.hostname;
    if (isRedirect(response.status)) throw new OutboundRefused('redirect', { host });
    if (response.status !== 200) throw new OutboundRefused('status', { host });
    const mediaType = mediaTypeOf(response);
    if (options.contentTypes && !options.contentTypes.includes(mediaType)) {
      throw new OutboundRefused('content_type', { host });
    }
    return response;
  }

  /**
   * The same checks with the interface of `fetch`, for libraries (openid-client's `customFetch`). A redirect is returned with
   * `redirect: 'manual'` and rejected otherwise.
   */
  readonly fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    const body = request.body === null ? undefined : Buffer.from(await request.arrayBuffer());
    const response = await this.exchange(url, {
      method: request.method,
      headers: Object.fromEntries(request.headers),
      body,
      maxBodyBytes: this.maxBodyBytes,
      timeoutMilliseconds: this.timeoutMilliseconds,
      signal: request.signal,
    });
    if (isRedirect(response.status) && request.redirect !== 'manual') {
      throw new OutboundRefused('redirect', { host: url.hostname });
    }
    const empty = response.status === 204 || response.status === 304;
    return new Response(empty ? null : new Uint8Array(response.body), {
      status: response.status,
      headers: headerPairs(response),
    });
  };

  private get maxBodyBytes(): number {
    return this.options.maxBodyBytes ?? MAX_BODY_BYTES;
  }

  private get timeoutMilliseconds(): number {
    return this.options.timeoutMilliseconds ?? TIMEOUT_MILLISECONDS;
  }

  private async exchange(url: URL, exchange: Exchange): Promise<OutboundResponse> {
    const host = url.hostname;
    if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new OutboundRefused('scheme', { host });
    if (url.username !== '' || url.password !== '') throw new OutboundRefused('credentials', { host });
    const ended = new AbortController();
    const timer = setTimeout(() => ended.abort(new OutboundRefused('timeout', { host })), exchange.timeoutMilliseconds);
    const giveUp = (): void => ended.abort(new OutboundRefused('aborted', { host, cause: exchange.signal?.reason }));
    if (exchange.signal?.aborted === true) giveUp();
    exchange.signal?.addEventListener('abort', giveUp, { once: true });
    try {
      const { allow, resolve = systemResolve } = this.options;
      const addresses = await orAborted(permittedAddresses(url, allow, resolve), ended.signal);
      return await this.send(url, exchange, { lookup: pinnedLookup(addresses), signal: ended.signal });
    } catch (cause) {
      if (ended.signal.reason instanceof OutboundRefused) throw ended.signal.reason;
      throw cause instanceof OutboundRefused ? cause : new OutboundRefused('network', { host, cause });
    } finally {
      clearTimeout(timer);
      exchange.signal?.removeEventListener('abort', giveUp);
    }
  }

  private send(
    url: URL,
    exchange: Exchange,
    connection: Pick<RequestOptions, 'lookup' | 'signal'>,
  ): Promise<OutboundResponse> {
    const { method, body, maxBodyBytes } = exchange;
    return new Promise((resolve, reject) => {
      const options = {
        ...connection,
        method,
        agent: false,
        maxHeaderSize: MAX_HEADER_BYTES,
        headers: {
          'user-agent': this.options.userAgent,
          ...exchange.headers,
          // An uncompressed response cannot expand; the connection closes after it.
          'accept-encoding': 'identity',
          connection: 'close',
          ...(body === undefined ? {} : { 'content-length': String(body.length) }),
        },
      };
      const { ca } = this.options;
      const onResponse = (response: IncomingMessage): void => {
        readAnswer(response, maxBodyBytes, url.hostname).then(resolve, (error: unknown) => {
          response.destroy();
          reject(error);
        });
      };
      const request =
        url.protocol === 'https:'
          ? httpsRequest(url, { ...options, ...(ca === undefined ? {} : { ca: [ca].flat() }) }, onResponse)
          : httpRequest(url, options, onResponse);
      request.on('error', reject);
      request.end(body);
    });
  }
}

async function readAnswer(response: IncomingMessage, maxBodyBytes: number, host: string): Promise<OutboundResponse> {
  const { statusCode: status = 0, headers } = response;
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') throw new OutboundRefused('encoding', { host });
  if (Number(headers['content-length'] ?? 0) > maxBodyBytes) throw new OutboundRefused('too_large', { host });
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > maxBodyBytes) throw new OutboundRefused('too_large', { host });
    parts.push(part);
  }
  return { status, headers, body: Buffer.concat(parts, length) };
}

/** A name resolution cannot be cancelled, only abandoned. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void =>
      reject(signal.reason instanceof OutboundRefused ? signal.reason : new OutboundRefused('aborted'));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

function isRedirect(status: number): boolean {
  return status >= 300 && status < 400 && status !== 304;
}

/** `application/json` of `Application/JSON; charset=utf-8`; empty without a content type. */
export function mediaTypeOf(response: Pick<OutboundResponse, 'headers'>): string {
  const header = response.headers['content-type'];
  return typeof header === 'string' ? (header.split(';')[0] ?? '').trim().toLowerCase() : '';
}

function headerPairs(response: OutboundResponse): [string, string][] {
  return Object.entries(response.headers).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map((one): [string, string] => [name, one]),
  );
}
