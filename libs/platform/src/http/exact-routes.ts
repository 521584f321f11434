import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Reply } from './reply.js';

/** A route's handler as Nest registers it: with its guards, pipes and exception filters. */
export type RouteHandler = (request: IncomingMessage, response: ServerResponse, next: () => void) => unknown;

/** A registered route whose path is a plain string. */
export interface ExactRoute {
  readonly method: string;
  readonly path: string;
  readonly handler: RouteHandler;
  /** What the handler returned, where that never changes (`Reply.isStatic`): it is not called again. */
  staticReply?: Reply;
}

/** What a request matches when it is not a plain string: every method, or every path that starts so. */
interface Registered {
  readonly method: string;
  readonly start: string;
  readonly isPattern: boolean;
}

/** The characters that path-to-regexp, and so Express, gives a meaning. */
const PATTERN_CHARACTER = /[:*{}()[\]?+!\\]/;

/**
 * The routes whose path has no parameter, by path and method, so that the server finds their handler without Express'
 * router. A route is only in here where the router would choose it as well: not behind a middleware, and not behind an
 * earlier route that matches its path. Every other spelling that the router accepts (case, a trailing slash, HEAD) is
 * left to the router.
 */
export class ExactRoutes {
  private readonly byPath = new Map<string, Map<string, ExactRoute>>();
  private readonly registered: Registered[] = [];
  private behindMiddleware = false;

  /** @param method `ALL` for every method @param route as given to the adapter: path and handler */
  add(method: string, [path, handler]: readonly unknown[]): void {
    const route = describe(method, path);
    const isExact = typeof path === 'string' && isHandler(handler) && !route.isPattern && method !== 'ALL';
    if (isExact && !this.behindMiddleware && !this.registered.some((earlier) => matches(earlier, route))) {
      const methods = this.byPath.get(path) ?? new Map<string, ExactRoute>();
      this.byPath.set(path, methods.set(method, { method, path, handler }));
    }
    this.registered.push(route);
  }

  /** Routes that are registered from now on are behind a middleware. */
  addMiddleware(): void {
    this.behindMiddleware = true;
  }

  find(method: string, path: string): ExactRoute | undefined {
    return this.byPath.get(path)?.get(method);
  }

  /** Keeps a static reply with the route whose handler returned it. */
  keepStatic(request: IncomingMessage & { readonly route?: unknown }, reply: Reply): void {
    const { route } = request;
    // The router sets a route of its own.
    const exact = this.find(request.method ?? '', (route as ExactRoute | undefined)?.path ?? '');
    if (exact !== undefined && exact === route) exact.staticReply = reply;
  }

  get all(): readonly ExactRoute[] {
    return [...this.byPath.values()].flatMap((methods) => [...methods.values()]);
  }
}

function isHandler(handler: unknown): handler is RouteHandler {
  return typeof handler === 'function';
}

/** Express compares without case and without the trailing slash. */
function describe(method: string, path: unknown): Registered {
  if (typeof path !== 'string') return { method, start: '', isPattern: true };
  const special = path.search(PATTERN_CHARACTER);
  const isPattern = special >= 0;
  const start = isPattern ? path.slice(0, special) : path.replace(/\/+$/, '');
  return { method, start: start.toLowerCase(), isPattern };
}

/** True where the router might choose the earlier route for a request of the later one. */
function matches(earlier: Registered, later: Registered): boolean {
  if (earlier.method !== 'ALL' && earlier.method !== later.method) return false;
  return earlier.isPattern ? later.start.startsWith(earlier.start) : later.start === earlier.start;
}
