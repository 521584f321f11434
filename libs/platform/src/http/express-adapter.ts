import {
  createServer as createHttpServer,
  type IncomingMessage,
  ServerResponse,
  type Server,
  type ServerOptions,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Server as NetServer } from 'node:net';
import type { NestApplicationOptions } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import express, { type Express } from 'express';
import type { Log } from '../telemetry/log.js';
import { requestLog, type LoggedRequest } from './request-log.js';
import { ExactRoutes, type ExactRoute } from './exact-routes.js';
import { Reply, type WrittenReply } from './reply.js';
import { ReplyWriter, type ReplyWriterOptions } from './reply-writer.js';
import { ReceivedRequest, hasUnknownCoding, originForm, pathOf, trustProxies, type WebRequest } from './request.js';
import { listenOnSecondAddress } from './second-listener.js';
import { NON_PAGE_POLICY } from './security-headers.js';
import { serverLimits } from './server-limits.js';
import type { StaticAssets } from './static-assets.js';
import { trustsNoProxy, type TrustedProxies } from './trusted-proxies.js';
import type { Views } from '../ui/views.js';

export interface ReplyAdapterOptions {
  readonly views: Views;
  readonly present?: ReplyWriterOptions['present'];
  /** This server's origin, from the issuer or base URL. */
  readonly origin: string;
  readonly hsts?: ReplyWriterOptions['hsts'];
  /** Style sheets and scripts, served before the router, and the script that submits form-post pages. */
  readonly assets?: StaticAssets | undefined;
  readonly trustedProxies?: TrustedProxies | undefined;
  /** Logs one line per request. */
  readonly log?: Log | undefined;
  /** Called for each response, for metrics. */
  readonly observe?: ((answered: LoggedRequest) => void) | undefined;
  /** False: Express' router dispatches every request. The behaviour must be the same. */
  readonly dispatchDirectly?: boolean | undefined;
}

/** The arguments of `adapter.get(path, handler)`; the path is optional. */
type Registration = readonly unknown[];

type Verb = 'get' | 'post' | 'put' | 'patch' | 'delete' | 'options' | 'all';

interface QueuedResponse {
  readonly response: ServerResponse;
  readonly written: WrittenReply;
}

/** Nest rejects `app.listen()` when the callback receives an error. */
type Listening = (error?: Error) => void;

/** Grace period for responses in progress at shutdown; then their connections are closed. */
const CLOSING_MILLISECONDS = 5_000;

/**
 * Nest on Express for both applications and their tests: handlers return a `Reply`, which is written with one writeHead.
 * The only file that writes responses.
 */
export class ReplyAdapter extends ExpressAdapter {
  private readonly writer: ReplyWriter;
  private readonly messages: ServerOptions;
  private readonly log: Log | undefined;
  private readonly observe: ReplyAdapterOptions['observe'];
  private readonly dispatchDirectly: boolean;
  /** Routes for direct dispatch: for small handlers the router costs more than the handler. */
  readonly exactRoutes = new ExactRoutes();
  private closing = false;
  /** Responses of this turn of the event loop. */
  private waiting: QueuedResponse[] = [];
  private secondListener: NetServer | undefined;

  constructor(options: ReplyAdapterOptions) {
    const app = express();
    // No implicit parsing, headers or ETags: see request.ts and read-form.ts.
    app.disable('x-powered-by').disable('etag').disable('query parser');
    super(app);
    this.writer = new ReplyWriter({ ...options, formPostScript: options.assets?.formPostScript });
    this.log = options.log;
    this.observe = options.observe;
    this.dispatchDirectly = options.dispatchDirectly !== false;
    this.messages = messagesForExpress(app, options.trustedProxies ?? trustsNoProxy);
    this.rejectNul();
    if (options.assets) this.serve(options.assets);
  }

  override initHttpServer(options: NestApplicationOptions | undefined): void {
    const app = this.getInstance<Express>();
    const serverOptions = { ...serverLimits, ...this.messages };
    const listener = (request: IncomingMessage, response: ServerResponse): void => {
      request.url = originForm(request.url ?? '/');
      if (hasUnknownCoding(request)) {
        this.reply(response, unknownCoding);
        return;
      }
      const throughRouter = (): void => {
        app(request as Parameters<Express>[0], response as Parameters<Express>[1]);
      };
      const path = this.dispatchDirectly ? pathOf(request) : undefined;
      const route = path === undefined ? undefined : this.exactRoutes.find(request.method ?? '', path);
      // The server only creates requests of messagesForExpress().
      if (route) this.dispatch(route, request as ReceivedRequest, response, throughRouter);
      else throughRouter();
    };
    this.httpServer = options?.httpsOptions
      ? createHttpsServer({ ...(options.httpsOptions as object), ...serverOptions }, listener)
      : createHttpServer(serverOptions, listener);
  }

  override get(...route: Registration): unknown {
    return this.register('get', route);
  }

  override post(...route: Registration): unknown {
    return this.register('post', route);
  }

  override put(...route: Registration): unknown {
    return this.register('put', route);
  }

  override patch(...route: Registration): unknown {
    return this.register('patch', route);
  }

  override delete(...route: Registration): unknown {
    return this.register('delete', route);
  }

  override options(...route: Registration): unknown {
    return this.register('options', route);
  }

  override all(...route: Registration): unknown {
    return this.register('all', route);
  }

  override use(...middleware: unknown[]): unknown {
    this.exactRoutes.addMiddleware();
    return super.use(...middleware);
  }

  override createMiddlewareFactory(
    ...method: Parameters<ExpressAdapter['createMiddlewareFactory']>
  ): ReturnType<ExpressAdapter['createMiddlewareFactory']> {
    this.exactRoutes.addMiddleware();
    return super.createMiddlewareFactory(...method);
  }

  /** Controllers read bodies themselves, each with its own limit (read-form.ts). */
  override registerParserMiddleware(): void {
    // deliberately nothing
  }

  /**
   * Queues what a controller or a filter returned, and sends it when all requests of the same turn are processed. Writing each
   * response at once would wake its reader while the next one is computed, which costs more than a small response.
   */
  override reply(response: ServerResponse, body: unknown, statusCode?: number): unknown {
    if (!(body instanceof Reply)) {
      this.logResponse(response, statusCode ?? response.statusCode);
      return super.reply(response, body, statusCode);
    }
    if (body.isStatic) this.exactRoutes.keepStatic(response.req, body);
    const queued = { response, written: this.writer.write(body, response.req) };
    if (this.waiting.push(queued) === 1) setImmediate(this.sendWaiting);
    return response;
  }

  /** For an error while handling an error: needs no view and cannot throw. A response that was partly sent is cut off. */
  replyBare(response: ServerResponse, status: number): void {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const headers = {
      'Content-Type': 'text/plain; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      'Content-Security-Policy': NON_PAGE_POLICY,
      Connection: 'close',
    };
    response.writeHead(status, headers).end('Something went wrong here.\n');
  }

  /** `localhost` listens on 127.0.0.1 and ::1, `::` on all addresses. */
  override listen(port: string | number, ...rest: (string | Listening | undefined)[]): Server {
    const host = rest.find((argument) => typeof argument === 'string');
    const listening = rest.find((argument) => typeof argument === 'function');
    const server: Server = this.httpServer;
    if (host === undefined || host === '::') return server.listen(port, listening);
    if (host !== 'localhost') return server.listen(Number(port), host, listening);
    return server.listen(Number(port), '127.0.0.1', () => {
      this.secondListener = listenOnSecondAddress(server, '::1', (error) => listening?.(error));
    });
  }

  override beforeClose(): void {
    this.closing = true;
    super.beforeClose();
  }

  /** Accepts no more connections, lets responses in progress finish, and closes idle connections. */
  override close(): Promise<unknown> {
    this.closing = true;
    const server = this.httpServer;
    this.secondListener?.close();
    return new Promise<void>((resolve) => {
      const cut = setTimeout(() => server.closeAllConnections(), CLOSING_MILLISECONDS);
      server.close(() => {
        clearTimeout(cut);
        resolve();
      });
    });
  }

  /** Sends the queued responses now. */
  readonly sendWaiting = (): void => {
    const queued = this.waiting;
    this.waiting = [];
    for (const each of queued) {
      try {
        this.send(each);
      } catch (error) {
        // A response that cannot be written (a header with forbidden characters) must not prevent the others.
        this.log?.error({ err: error }, 'a response could not be sent');
        this.replyBare(each.response, 500);
      }
    }
  };

  /** Does nothing if the response was already sent. */
  private send({ response, written: { status, headers, body, encoding } }: QueuedResponse): void {
    if (response.headersSent || response.destroyed) return;
    this.logResponse(response, status);
    // What follows a body in an unknown coding may be part of it.
    const last = this.closing || isBodyUnread(response.req) || hasUnknownCoding(response.req);
    response.writeHead(status, last ? [...headers, 'Connection', 'close'] : (headers as string[]));
    if (body === undefined) response.end();
    else response.end(body, encoding);
  }

  /** Registers a route with Express and, if it is exact, for direct dispatch. */
  private register(verb: Verb, route: Registration): unknown {
    this.exactRoutes.add(verb.toUpperCase(), route);
    const app = this.getInstance<Express>();
    // Express' overloads do not accept the common signature of Nest's.
    return (app[verb] as (...route: Registration) => unknown).apply(app, [...route]);
  }

  private logResponse(response: ServerResponse, status: number): void {
    if (!this.log && !this.observe) return;
    // The server only creates requests of messagesForExpress().
    const request = response.req as WebRequest & ReceivedRequest;
    const answered = { request, status, milliseconds: performance.now() - request.receivedAt };
    this.observe?.(answered);
    if (this.log) requestLog(this.log, answered);
  }

  /** @param throughRouter the handler's `next`: a handler for another host passes the request on */
  private dispatch(
    route: ExactRoute,
    message: ReceivedRequest,
    response: ServerResponse,
    throughRouter: () => void,
  ): void {
    // Set by the router otherwise.
    message.originalUrl = message.url ?? '/';
    message.route = route;
    if (route.staticReply) {
      this.reply(response, route.staticReply);
      return;
    }
    const failed = (error: unknown): void => {
      // Nest's exception filters have handled every error except their own.
      this.log?.error({ err: error }, 'a response could not be sent');
      this.replyBare(response, 500);
    };
    try {
      Promise.resolve(route.handler(message, response, throughRouter)).catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  /** No path of this server contains a NUL, and a database may reject it in a query: respond with 404. */
  private rejectNul(): void {
    this.getInstance<Express>().use((request, _response, next) => {
      if (pathOf(request).includes('%00')) request.url = '/%00';
      next();
    });
  }

  private serve(assets: StaticAssets): void {
    this.getInstance<Express>().use((request, response, next) => {
      const reply = assets.answer(request.method, pathOf(request));
      if (reply) this.reply(response, reply);
      else next();
    });
  }
}

/**
 * Express sets the prototypes of its application on every message with Object.setPrototypeOf, which was the largest single
 * cost of a request. Here the server creates messages that already have them.
 * @see docs/adr/0033-reply-adapter.md
 */
function messagesForExpress(app: Express, proxies: TrustedProxies): ServerOptions {
  class ExpressRequest extends ReceivedRequest {}
  class ExpressResponse<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {}
  adopt(ExpressRequest.prototype, app.request);
  adopt(ExpressResponse.prototype, app.response);
  trustProxies(ExpressRequest.prototype, proxies);
  Object.assign(app, { request: ExpressRequest.prototype, response: ExpressResponse.prototype });
  return { IncomingMessage: ExpressRequest, ServerResponse: ExpressResponse };
}

/** Once, before any message is created: our prototype -> the application's -> Express' -> Node's. */
function adopt(prototype: object, parent: object): void {
  Object.setPrototypeOf(prototype, parent);
}

/** RFC 9112 6.1 */
const unknownCoding = Reply.bytes(
  Buffer.from('Send the body without a Transfer-Encoding, or with chunked alone.\n'),
  'text/plain; charset=utf-8',
  { status: 501, headers: { 'Cache-Control': 'no-store' } },
);

/** The rest of an unread body would be parsed as the next request. */
function isBodyUnread(request: IncomingMessage): boolean {
  if (request.complete) return false;
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  return encoding !== undefined || (length !== undefined && length !== '0');
}
