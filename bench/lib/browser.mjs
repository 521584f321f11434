import { headerOf, headersOf, requestText } from './connection.mjs';

/** A minimal browser for logins: cookies, redirects on this origin, and forms. */
export class Browser {
  #cookies = new Map();
  page;
  path = '/';

  constructor(connection) {
    this.connection = connection;
  }

  get origin() {
    return `http://127.0.0.1:${this.connection.port}`;
  }

  /** The value of the Cookie header. */
  get cookies() {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  /** Opens a page and follows redirects. @returns the page, or the URL on another origin that it was redirected to */
  open(path) {
    return this.#follow('GET', path);
  }

  /** Submits the form of the current page with these additional fields. */
  submit(fields) {
    const { action, values } = formOf(this.page.body);
    const body = new URLSearchParams({ ...values, ...fields }).toString();
    const target = new URL(action ?? this.path, this.origin + this.path);
    return this.#follow('POST', target.pathname + target.search, body);
  }

  async #follow(method, path, body) {
    let next = { method, path, body };
    for (let hops = 0; hops < 20; hops++) {
      const response = await this.#send(next.method, next.path, next.body);
      const location = headerOf(response, 'location');
      if (location === undefined) {
        this.page = response;
        this.path = next.path;
        return { page: response };
      }
      const target = new URL(location, this.origin + next.path);
      if (target.origin !== this.origin) return { left: target };
      next = { method: 'GET', path: target.pathname + target.search };
    }
    throw new Error('too many redirects');
  }

  async #send(method, path, body) {
    const headers = { Accept: 'text/html' };
    if (this.#cookies.size > 0) headers.Cookie = this.cookies;
    if (body !== undefined) headers.Origin = this.origin;
    const response = await this.connection.request(requestText(method, path, this.connection.port, headers, body));
    for (const line of headersOf(response, 'set-cookie')) {
      const [pair] = line.split(';');
      const equals = pair.indexOf('=');
      const isDeleted = /max-age=0(;|$)|expires=thu, 01 jan 1970/i.test(line);
      if (isDeleted) this.#cookies.delete(pair.slice(0, equals));
      else this.#cookies.set(pair.slice(0, equals), pair.slice(equals + 1));
    }
    return response;
  }
}

/** The last form of the page with method POST, except the one that cancels the login. */
function formOf(html) {
  const form = [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)]
    .filter(([, head]) => /method="?post/i.test(head) && !head.includes('action="/login/cancel"'))
    .at(-1);
  if (!form) throw new Error(`no form in ${html.slice(0, 500)}`);
  const values = {};
  for (const [tag] of form[2].matchAll(/<input\b[^>]*type="hidden"[^>]*>/g)) {
    const name = attribute(tag, 'name');
    if (name !== undefined) values[name] = attribute(tag, 'value') ?? '';
  }
  return { action: attribute(form[1], 'action'), values };
}

function attribute(tag, name) {
  const value = new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1];
  return value
    ?.replace(/&#x([0-9a-f]+);/gi, (_, code) => String.fromCodePoint(parseInt(code, 16)))
    .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}
