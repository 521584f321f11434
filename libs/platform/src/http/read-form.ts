import type { IncomingMessage } from 'node:http';
import { BodyTooLarge, Form, UnsupportedBody } from './form.js';

/** The client disconnected or was too slow before the body was complete. No response reaches it. */
export class RequestAborted extends Error {
  constructor() {
    super('the request ended before its body was complete');
    this.name = 'RequestAborted';
  }
}

export interface ReadFormOptions {
  readonly limitBytes: number;
  /** More parameters are rejected as too large. */
  readonly maxParameters?: number;
  /** True: also multipart/form-data (RFC 7578). A file is a `data:` URL of its content; a file field without a file is absent. */
  readonly files?: boolean | undefined;
}

const FORM = 'application/x-www-form-urlencoded';
const MULTIPART = 'multipart/form-data';
const MAX_PARAMETERS = 1000;
/**
 * Beyond the limit, up to this many bytes are read and discarded before the response: a client that is still writing when the
 * connection closes would get a reset instead of the 413.
 */
const DISCARD_BYTES = 1024 * 1024;

/**
 * Reads a form body. The server limits the time (server-limits.ts). Malformed UTF-8 and percent signs are decoded as in
 * browsers (WHATWG URL 5.1).
 * @throws BodyTooLarge, UnsupportedBody, RequestAborted
 */
export async function readForm(request: IncomingMessage, options: ReadFormOptions): Promise<Form> {
  const { limitBytes, maxParameters = MAX_PARAMETERS, files = false } = options;
  if (hasNoBody(request)) return Form.empty;
  const contentType = request.headers['content-type'] ?? '';
  if (files && isOfType(contentType, MULTIPART, request.headers['content-encoding']))
    return parseMultipart(await readBody(request, limitBytes), contentType, maxParameters);
  if (!isOfType(contentType, FORM, request.headers['content-encoding'])) throw new UnsupportedBody(contentType);
  const body = await readBody(request, limitBytes);
  const text = body.toString('utf8');
  if (countParameters(text) > maxParameters) throw new BodyTooLarge(limitBytes);
  return Form.parse(text);
}

/**
 * Reads a body of any type up to a limit in bytes.
 * @throws BodyTooLarge, RequestAborted
 */
export function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > limitBytes + DISCARD_BYTES) return Promise.reject(new BodyTooLarge(limitBytes));
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let length = 0;
    const onData = (part: Buffer): void => {
      if (isOver) return;
      length += part.length;
      if (length <= limitBytes) parts.push(part);
      else parts.length = 0;
      if (length > limitBytes + DISCARD_BYTES) {
        request.pause();
        finish(() => reject(new BodyTooLarge(limitBytes)));
      }
    };
    const onEnd = (): void => {
      finish(() => {
        if (length > limitBytes) reject(new BodyTooLarge(limitBytes));
        else resolve(parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts, length));
      });
    };
    const onGone = (): void => finish(() => reject(new RequestAborted()));
    let isOver = false;
    // The listeners stay registered: an 'error' event without one would end the process.
    const finish = (settle: () => void): void => {
      if (isOver) return;
      isOver = true;
      settle();
    };
    if (request.destroyed && !request.complete) return reject(new RequestAborted());
    request.on('data', onData).on('end', onEnd).on('close', onGone).on('error', onGone);
  });
}

function hasNoBody(request: IncomingMessage): boolean {
  const length = request.headers['content-length'];
  return request.headers['transfer-encoding'] === undefined && (length === undefined || length === '0');
}

/** Only the media type matters: a form's encoding is UTF-8 whatever the charset parameter. */
function isOfType(contentType: string, type: string, encoding: string | undefined): boolean {
  const end = contentType.indexOf(';');
  const mediaType = (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
  return mediaType === type && (encoding === undefined || encoding === 'identity');
}

/**
 * Node.js parses it; the body was limited before, and the parts are counted before, because each one costs it time.
 * @throws UnsupportedBody when it is malformed
 */
async function parseMultipart(body: Buffer, contentType: string, maxParameters: number): Promise<Form> {
  if (countParts(body, contentType) > maxParameters) throw new BodyTooLarge(body.length);
  const entries = await new Response(new Uint8Array(body), { headers: { 'Content-Type': contentType } })
    .formData()
    .then((parsed) => [...parsed.entries()])
    .catch(() => {
      throw new UnsupportedBody(contentType);
    });
  const values = new Map<string, string[]>();
  for (const [name, value] of entries) {
    const isText = typeof value === 'string';
    if (!isText && value.size === 0) continue;
    const text = isText
      ? value.replaceAll('\0', '\uFFFD')
      : `data:${value.type};base64,${Buffer.from(await value.arrayBuffer()).toString('base64')}`;
    values.set(name, [...(values.get(name) ?? []), text]);
  }
  return Form.of(Object.fromEntries(values));
}

/** The delimiters in the body, without the last one (RFC 2046 5.1.1). */
function countParts(body: Buffer, contentType: string): number {
  const boundary = /;\s*boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(contentType);
  const delimiter = boundary?.[1] ?? boundary?.[2];
  if (delimiter === undefined) throw new UnsupportedBody(contentType);
  let count = 0;
  for (let at = body.indexOf(`--${delimiter}`); at >= 0; at = body.indexOf(`--${delimiter}`, at + 1)) count += 1;
  return count - 1;
}

function countParameters(text: string): number {
  let count = 1;
  for (let at = text.indexOf('&'); at >= 0; at = text.indexOf('&', at + 1)) count += 1;
  return count;
}
