import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Reply } from './reply.js';

/** A route's handler as Nest registers it, with its guards, pipes and exception filters. */
export type RouteHandler = (request: IncomingMessage, response: ServerResponse, next: () => void) => unknown;

/** A registered route whose path is a plain string. */
export interface ExactRoute {
  readonly method: string;
  readonly path: string;
  readonly handler: RouteHandler;
  /** The handler's response, where it never changes (`Reply.isStatic`): the handler is not called again. */
  staticReply?: Reply;
}

/** A registered route; `ALL` methods and prefixes included. */
interface Registered {
  readonly method: string;
  readonly start: string;
  readonly isPattern: boolean;
}

/** Characters with a special meaning in path-to-regexp, and so in Express. */
const PATTERN_CHARACTER = /[:*{}()[\]?+!\\]/;

/**
 * Routes without path parameters by path and method, for direct dispatch without Express' router. Contains a route only if
 * the router would choose it as well: not behind a middleware, and not behind an earlier route that matches its path. Other
 * spellings that the router accepts (case, trailing slash, HEAD) are left to the router.
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

  /** Routes registered from now on are behind a middleware. */
  addMiddleware(): void {
    this.behindMiddleware = true;
  }

  find(method: string, path: string): ExactRoute | undefined {
    return this.byPath.get(path)?.get(method);
  }

  /** Stores a static reply with its route. */
  keepStatic(request: IncomingMessage & { readonly route?: unknown }, reply: Reply): void {
    const { route } = request;
    // The router sets its own kind of route.
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

/** Express ignores case and a trailing slash. */
function describe(method: string, path: unknown): Registered {
  if (typeof path !== 'string') return { method, start: '', isPattern: true };
  const special = path.search(PATTERN_CHARACTER);
  const isPattern = special >= 0;
  const start = isPattern ? path.slice(0, special) : path.replace(/\/+$/, '');
  return { method, start: start.toLowerCase(), isPattern };
}

/** True if the router might choose the earlier route for a request of the later one. */
function matches(earlier: Registered, later: Registered): boolean {
  if (earlier.method !== 'ALL' && earlier.method !== later.method) return false;
  return earlier.isPattern ? later.start.startsWith(earlier.start) : later.start === earlier.start;
}
