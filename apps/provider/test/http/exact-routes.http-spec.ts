import type { ReplyAdapter } from '@gatehouse/platform/http/express-adapter';
import { send, type Answer, type SendOptions } from '../support/browser';
import { startProvider, type TestProvider } from '../support/provider';

/** What is sent for a route. */
interface Variant {
  readonly target: (path: string) => string;
  readonly options?: SendOptions;
  readonly method?: string;
  /** Sent to pages and the administration API as well, not to the protocol endpoints alone. */
  readonly everywhere?: true;
}

const form = { 'Content-Type': 'application/x-www-form-urlencoded' };

const variants: Readonly<Record<string, Variant>> = {
  'as registered': { target: (path) => path, everywhere: true },
  'a browser': { target: (path) => path, options: { headers: { Accept: 'text/html' } } },
  'a query': { target: (path) => `${path}?a=1&a=2&b=%zz&c=%00` },
  'an empty query': { target: (path) => `${path}?` },
  'a fragment': { target: (path) => `${path}#a` },
  'a trailing slash': { target: (path) => `${path}/`, everywhere: true },
  'two slashes at the start': { target: (path) => `/${path}` },
  'two slashes at the end': { target: (path) => `${path}//` },
  'a percent-encoded character': { target: encodeLast },
  'a percent-encoded slash': { target: (path) => `/${path.slice(1).replaceAll('/', '%2F')}` },
  'a malformed percent sign': { target: (path) => `${path}%zz` },
  'a NUL': { target: (path) => `${path}%00` },
  'another case': { target: (path) => path.toUpperCase() },
  'a dot segment': { target: (path) => `/x/..${path}` },
  'a semicolon': { target: (path) => `${path};a=b` },
  'the absolute form': { target: (path) => `http://other.example${path}?a=1` },
  HEAD: { target: (path) => path, method: 'HEAD', everywhere: true },
  OPTIONS: { target: (path) => path, method: 'OPTIONS' },
  'a preflight': {
    target: (path) => path,
    method: 'OPTIONS',
    options: { headers: { Origin: 'https://app.example', 'Access-Control-Request-Method': 'POST' } },
  },
  'the wrong method': { target: (path) => path, method: 'PROPFIND' },
  DELETE: { target: (path) => path, method: 'DELETE' },
  GET: { target: (path) => path, method: 'GET' },
  'an empty POST': { target: (path) => path, method: 'POST' },
  'a form': {
    target: (path) => path,
    method: 'POST',
    options: { headers: form, body: 'a=1&a=2&b=%ff' },
    everywhere: true,
  },
  'a body of another type': {
    target: (path) => path,
    method: 'POST',
    options: { headers: { 'Content-Type': 'text/plain' }, body: 'a' },
  },
  'a body that is too large': {
    target: (path) => path,
    method: 'POST',
    options: { headers: form, body: `a=${'x'.repeat(300_000)}` },
  },
};

/** The path with its last character percent-encoded, which RFC 3986 6.2.2.2 takes for the same. */
function encodeLast(path: string): string {
  return `${path.slice(0, -1)}%${(path.codePointAt(path.length - 1) ?? 0).toString(16)}`;
}

/** The endpoints that programs call all the time must be among those that are dispatched directly. */
const hot = [
  'GET /.well-known/openid-configuration',
  'GET /.well-known/oauth-authorization-server',
  'GET /.well-known/jwks.json',
  'GET /oauth/authorize',
  'POST /oauth/token',
  'POST /oauth/par',
  'POST /oauth/introspect',
  'POST /oauth/revoke',
  'GET /oauth/userinfo',
  'POST /oauth/userinfo',
  'GET /api/me',
];

describe('a route that the server dispatches without the router', () => {
  const env = { GATEHOUSE_ISSUER: 'http://127.0.0.1:5999', GATEHOUSE_THROTTLE: 'off', GATEHOUSE_REGISTRATION: 'open' };
  let direct: TestProvider;
  let routed: TestProvider;
  beforeAll(async () => {
    direct = await startProvider({ env, dispatchDirectly: true });
    routed = await startProvider({ env, dispatchDirectly: false });
  });
  afterAll(() => Promise.all([direct.close(), routed.close()]));

  const exactRoutes = () => (direct.app.getHttpAdapter() as unknown as ReplyAdapter).exactRoutes.all;

  it('is every one with a fixed path, the hot endpoints among them', () => {
    const all = exactRoutes().map(({ method, path }) => `${method} ${path}`);
    expect(all).toEqual(expect.arrayContaining(hot));
    expect(all.length).toBeGreaterThan(60);
  });

  it.each(Object.entries(variants))('gives the same answer as through the router: %s', async (_name, variant) => {
    for (const { method, path } of exactRoutes().filter((each) => variant.everywhere ?? isProtocol(each.path))) {
      const options = { method, ...variant.options, ...(variant.method ? { method: variant.method } : {}) };
      const ask = (provider: TestProvider): Promise<Answer> =>
        send(provider.base, { ...options, target: variant.target(path) });
      const [first, second] = await Promise.all([ask(direct), ask(routed)]);
      const name = `${options.method} ${variant.target(path)}`;
      expect({ name, ...comparable(first) }).toEqual({ name, ...comparable(second) });
    }
  });
});

/** Each provider has keys of its own, in the order of their ids; the second application adds to the OpenAPI document. */
function withoutOrder(text: string): string {
  if (text.startsWith('{"openapi":')) return 'the OpenAPI document';
  if (!text.startsWith('{"keys":')) return text;
  const { keys } = JSON.parse(text) as { readonly keys: readonly object[] };
  return keys
    .map((key) => JSON.stringify(key))
    .sort()
    .join();
}

function isProtocol(path: string): boolean {
  return /^\/(oauth\/|api\/me$|\.well-known\/|healthz$|readyz$)/.test(path);
}

/** An answer without what is random in each: ids, CSRF tokens, cookies' values and sealed requests. */
function comparable({ status, headers, text }: Answer): object {
  const withoutRandom = (value: string): string =>
    value
      .replace(/127\.0\.0\.1:\d+/g, '<server>')
      .replace(/[0-9a-f]{32}/g, '<id>')
      .replace(/[\w-]{20,}(\.[\w-]{20,})*/g, '<random>');
  const kept = Object.entries(headers).filter(([name]) => !['date', 'content-length'].includes(name));
  return {
    status,
    headers: Object.fromEntries(kept.map(([name, value]) => [name, withoutRandom(String(value))])),
    text: withoutOrder(withoutRandom(text)),
  };
}
