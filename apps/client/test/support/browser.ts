import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';

export interface Page {
  readonly url: URL;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What a person's browser does: cookies, redirects, forms with their CSRF token and Origin. */
export class Browser {
  readonly cookies = new Map<string, string>();
  current: Page | undefined;

  /** @param origins where an origin's connections really go: `http://localhost:8000` -> `127.0.0.1:41234` */
  constructor(
    private readonly base: string,
    private readonly origins: ReadonlyMap<string, string>,
  ) {}

  /** One request; redirects are not followed. */
  async request(
    method: string,
    address: string,
    options: { form?: Record<string, string>; headers?: Record<string, string> } = {},
  ): Promise<Page> {
    const url = new URL(address, this.base);
    const ours = url.origin === this.base;
    const body = options.form && new URLSearchParams(options.form).toString();
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = {
      ...(ours && cookie !== '' ? { Cookie: cookie } : {}),
      ...(body === undefined
        ? {}
        : {
            'Content-Type': 'application/x-www-form-urlencoded',
            'Content-Length': String(Buffer.byteLength(body)),
            Origin: this.base,
          }),
      Accept: 'text/html',
      ...options.headers,
    };
    const [hostname, port] = (this.origins.get(url.origin) ?? url.host).split(':');
    return new Promise((resolve, reject) => {
      const request = httpRequest(
        { hostname, port, method, path: url.pathname + url.search, headers, agent: false },
        (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('end', () => {
            if (ours) this.keepCookies(response.headers['set-cookie'] ?? []);
            resolve({
              url,
              status: response.statusCode ?? 0,
              headers: response.headers,
              body: Buffer.concat(parts).toString(),
            });
          });
        },
      );
      request.on('error', reject);
      request.end(body);
    });
  }

  /** A page, after all redirects. */
  async context(address: string): Promise<Page> {
    return this.arrive(await this.request('GET', address));
  }

  /** Opens the page of a login and presses its button; redirects are not followed. */
  async beginLogin(address: string): Promise<Page> {
    const page = await this.request('GET', address);
    if (page.status !== 200) return page;
    const field = (name: string): string => new RegExp(`name="${name}" value="([^"]*)"`).exec(page.body)?.[1] ?? '';
    const { pathname, searchParams } = new URL(address, this.base);
    const next = searchParams.get('next');
    return this.request('POST', pathname, {
      form: { csrf: field('csrf'), ...(next === null ? {} : { next }) },
    });
  }

  /** Begins a login, and follows all redirects. */
  async logIn(address: string): Promise<Page> {
    return this.arrive(await this.beginLogin(address));
  }

  /** Begins a login, and follows redirects until `stop` says that the next address is not asked. */
  async logInUntil(address: string, stop: (location: URL) => boolean): Promise<URL> {
    let page = await this.beginLogin(address);
    for (let hops = 0; hops < 10; hops++) {
      if (page.headers.location === undefined) throw new Error(`no redirect: ${page.status}`);
      const location = new URL(page.headers.location, page.url);
      if (stop(location)) return location;
      page = await this.request('GET', location.href);
    }
    throw new Error('too many redirects');
  }

  /** Sends a form of the current page. */
  async submit(
    action: string,
    fields: Record<string, string> = {},
    headers: Record<string, string> = {},
  ): Promise<Page> {
    const page = await this.request('POST', action, { form: { csrf: this.csrf, ...fields }, headers });
    return this.arrive(page);
  }

  get csrf(): string {
    return /name="csrf" value="([^"]+)"/.exec(this.current?.body ?? '')?.[1] ?? '';
  }

  private async arrive(first: Page): Promise<Page> {
    let page = first;
    for (let hops = 0; hops < 10 && page.headers.location !== undefined; hops++)
      page = await this.request('GET', new URL(page.headers.location, page.url).href);
    this.current = page;
    return page;
  }

  private keepCookies(headers: readonly string[]): void {
    for (const header of headers) {
      const [pair = ''] = header.split(';');
      const equals = pair.indexOf('=');
      const name = pair.slice(0, equals);
      if (/Max-Age=0\b/.test(header)) this.cookies.delete(name);
      else this.cookies.set(name, pair.slice(equals + 1));
    }
  }
}
