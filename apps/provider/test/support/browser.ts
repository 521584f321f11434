import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Where it redirects to, absolute. */
  readonly location: string | undefined;
  json<T = Record<string, unknown>>(): T;
}

export interface SendOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** The address of the socket's own end: 127.0.0.2 … stand for other machines. */
  readonly localAddress?: string;
  /** What stands in the request line instead of the path and query of the URL. */
  readonly target?: string;
}

/** One HTTP request over a socket; redirects are not followed. */
export function send(url: string, options: SendOptions = {}): Promise<Answer> {
  const target = new URL(url);
  const { promise, resolve, reject } = withResolvers<Answer>();
  const make = target.protocol === 'https:' ? httpsRequest : httpRequest;
  const request = make(
    target,
    {
      method: options.method ?? 'GET',
      headers:
        options.body === undefined
          ? options.headers
          : { 'Content-Length': Buffer.byteLength(options.body), ...options.headers },
      localAddress: options.localAddress,
      ...(options.target === undefined ? {} : { path: options.target }),
      rejectUnauthorized: false,
    },
    (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const { location } = response.headers;
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          location: location === undefined ? undefined : new URL(location, url).href,
          json: <T>() => JSON.parse(text) as T,
        });
      });
    },
  );
  request.on('error', reject);
  request.end(options.body);
  return promise;
}

/** A browser as far as HTTP goes: it keeps cookies, sends Origin with forms and reads the fields of a page's form. */
export class Browser {
  private readonly jar = new Map<string, Map<string, string>>();
  page: Answer | undefined;
  address = '';

  constructor(
    private readonly options: {
      readonly localAddress?: string;
      readonly headers?: Readonly<Record<string, string>>;
    } = {},
  ) {}

  cookie(host: string, name: string): string | undefined {
    return this.jar.get(host)?.get(name);
  }

  setCookie(host: string, name: string, value: string): void {
    const cookies = this.jar.get(host) ?? new Map<string, string>();
    this.jar.set(host, cookies);
    if (value === '') cookies.delete(name);
    else cookies.set(name, value);
  }

  /** Every cookie that it sends to this host, for a fixture. */
  cookies(host: string): [string, string][] {
    return [...(this.jar.get(host) ?? [])];
  }

  /** A copy that goes on by itself: what a stolen cookie jar could do. */
  clone(): Browser {
    const copy = new Browser(this.options);
    for (const [host, cookies] of this.jar) copy.jar.set(host, new Map(cookies));
    return copy;
  }

  async send(url: string, options: SendOptions = {}): Promise<Answer> {
    const { hostname } = new URL(url);
    const cookies = [...(this.jar.get(hostname) ?? [])].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await send(url, {
      ...options,
      ...(this.options.localAddress === undefined ? {} : { localAddress: this.options.localAddress }),
      headers: {
        Accept: 'text/html',
        ...this.options.headers,
        ...(cookies === '' ? {} : { Cookie: cookies }),
        ...options.headers,
      },
    });
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [pair = ''] = line.split(';');
      const equals = pair.indexOf('=');
      this.setCookie(hostname, pair.slice(0, equals), /max-age=0(;|$)/i.test(line) ? '' : pair.slice(equals + 1));
    }
    return answer;
  }

  /** Opens an address and follows redirects as long as they stay on this origin. */
  async open(url: string): Promise<Answer> {
    return this.follow(url, await this.send(url));
  }

  /** Sends the form of the page that is open, with these fields changed or added. */
  async submit(
    fields: Readonly<Record<string, string>> = {},
    options: {
      readonly action?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly without?: readonly string[];
    } = {},
  ): Promise<Answer> {
    const form = formOf(this.page?.text ?? '', options.action);
    const url = new URL(form.action ?? this.address, this.address).href;
    const values = new URLSearchParams(form.fields);
    for (const name of options.without ?? []) values.delete(name);
    for (const [name, value] of Object.entries(fields)) values.set(name, value);
    const answer = await this.send(url, {
      method: 'POST',
      body: values.toString(),
      headers: {
        'Content-Type': 'application/x-www-form-urlencoded',
        Origin: new URL(this.address).origin,
        ...options.headers,
      },
    });
    return this.follow(url, answer);
  }

  private async follow(url: string, answer: Answer): Promise<Answer> {
    let current = { url, answer };
    for (let hops = 0; hops < 20; hops++) {
      const { location } = current.answer;
      if (location === undefined || new URL(location).origin !== new URL(url).origin) break;
      current = { url: location, answer: await this.send(location) };
    }
    this.address = current.url;
    this.page = current.answer;
    return current.answer;
  }
}

/**
 * The fields that a form would send, and where to: the first form of the page whose action begins with `action`, or the
 * last form that goes on with what the page is for. Forms that only a script sends are left out.
 */
export function formOf(html: string, action?: string): { action: string | undefined; fields: [string, string][] } {
  const forms = [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)].filter(
    ([, attributes = '']) => /method="post"/i.test(attributes) && !attributes.includes('data-passkey-form'),
  );
  const chosen =
    action === undefined
      ? forms.findLast(([, attributes = '']) => !attributes.includes('action="/login/cancel"'))
      : forms.find(([, attributes = '']) => attributes.includes(`action="${action}`));
  if (!chosen) return { action: undefined, fields: [] };
  const [, attributes = '', inner = ''] = chosen;
  // What a template holds is not in the document: a browser does not send it.
  const body = inner.replace(/<template>[\s\S]*?<\/template>/g, '');
  const fields: [string, string][] = [];
  for (const [tag] of body.matchAll(/<(?:input|textarea|select)\b[^>]*>/g)) {
    const name = attribute(tag, 'name');
    const type = attribute(tag, 'type') ?? 'text';
    if (name === undefined || type === 'submit') continue;
    if ((type === 'checkbox' || type === 'radio') && !/\schecked\b/.test(tag)) continue;
    fields.push([name, attribute(tag, 'value') ?? (type === 'checkbox' ? 'on' : '')]);
  }
  for (const [, tag = '', inner = ''] of body.matchAll(/(<select\b[^>]*>)([\s\S]*?)<\/select>/g)) {
    const name = attribute(tag, 'name');
    const option = /<option\b([^>]*\sselected\b[^>]*)>/.exec(inner) ?? /<option\b([^>]*)>/.exec(inner);
    const at = fields.findIndex(([field]) => field === name);
    if (name !== undefined && option && at >= 0) fields[at] = [name, attribute(option[0], 'value') ?? ''];
  }
  for (const [, tag = '', inner = ''] of body.matchAll(/(<textarea\b[^>]*>)\n?([\s\S]*?)<\/textarea>/g)) {
    const name = attribute(tag, 'name');
    const at = fields.findIndex(([field]) => field === name);
    if (name !== undefined && at >= 0) fields[at] = [name, unescape(inner)];
  }
  const target = attribute(`<form ${attributes}>`, 'action');
  return { action: target, fields };
}

function attribute(tag: string, name: string): string | undefined {
  const value = new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1];
  return value === undefined ? undefined : unescape(value);
}

/** Text as it stands in HTML, read back. */
export function unescape(text: string): string {
  return text
    .replace(/&#x([0-9a-f]+);/gi, (_match, code: string) => String.fromCodePoint(parseInt(code, 16)))
    .replace(/&#(\d+);/g, (_match, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}

function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (reason: unknown) => void } {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
