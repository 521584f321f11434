import {
  createServer as createHttpServer,
  IncomingMessage,
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
import { requestLog, type AnsweredRequest } from '../telemetry/request-log.js';
import { Reply } from './reply.js';
import { ReplyWriter } from './reply-writer.js';
import { pathOf, trustProxies, type WebRequest } from './request.js';
import { listenBeside } from './second-listener.js';
import { serverLimits } from './server-limits.js';
import type { StaticAssets } from './static-assets.js';
import { trustsNoProxy, type TrustedProxies } from './trusted-proxies.js';
import type { Views } from './views.js';

export interface ReplyAdapterOptions {
  readonly views: Views;
  /** Our own origin, from the issuer or base URL. */
  readonly origin: string;
  /** Style sheets and scripts: answered before the router, and the script that submits form-post pages. */
  readonly assets?: StaticAssets | undefined;
  readonly trustedProxies?: TrustedProxies | undefined;
  /** One line for each request. */
  readonly log?: Log | undefined;
  /** Told of each answer, beside the log: for counting. */
  readonly observe?: ((answered: AnsweredRequest) => void) | undefined;
}

/** A hot endpoint, answered before Express' router by the same method of the same controller. */
export interface HotRoute {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  answer(request: WebRequest): Promise<Reply> | Reply;
  /** What its exception filter would answer. */
  refuse(error: unknown, request: WebRequest): Reply;
}

/** Nest rejects `app.listen()` when it is given an error. */
type Listening = (error?: Error) => void;

/** On closing, answers under way have this long; then their connections are cut. */
const CLOSING_MILLISECONDS = 5_000;

/**
 * Nest on Express, the same for both applications and their tests: a `Reply` in, one writeHead out.
 * The only file that touches a response.
 */
export class ReplyAdapter extends ExpressAdapter {
  private readonly writer: ReplyWriter;
  private readonly messages: ServerOptions;
  private readonly log: Log | undefined;
  private readonly observe: ReplyAdapterOptions['observe'];
  private readonly hot = new Map<string, HotRoute>();
  private closing = false;
  private beside: NetServer | undefined;

  constructor(options: ReplyAdapterOptions) {
    const app = express();
    // Nothing is parsed, named or hashed behind a controller's back: see request.ts and read-form.ts.
    app.disable('x-powered-by').disable('etag').disable('query parser');
    super(app);
    this.writer = new ReplyWriter({ ...options, formPostScript: options.assets?.formPostScript });
    this.log = options.log;
    this.observe = options.observe;
    this.messages = bornForExpress(app, options.trustedProxies ?? trustsNoProxy);
    if (options.assets) this.serve(options.assets);
  }

  override initHttpServer(options: NestApplicationOptions | undefined): void {
    const app = this.getInstance<Express>();
    const serverOptions = { ...serverLimits, ...this.messages };
    const listener = (request: IncomingMessage, response: ServerResponse): void => {
      if (!this.answerFirst(request, response))
        app(request as Parameters<Express>[0], response as Parameters<Express>[1]);
    };
    this.httpServer = options?.httpsOptions
      ? createHttpsServer({ ...(options.httpsOptions as object), ...serverOptions }, listener)
      : createHttpServer(serverOptions, listener);
  }

  /** Endpoints that are answered before the router: the way through it costs more than the work of the smallest of them. */
  dispatchFirst(routes: readonly HotRoute[]): void {
    for (const route of routes) this.hot.set(`${route.method} ${route.path}`, route);
  }

  /** Bodies are read by the controllers that want one, each with its limit (read-form.ts). */
  override registerParserMiddleware(): void {
    // deliberately nothing
  }

  /** Sends what a controller or a filter returned. What was answered already stays as it is. */
  override reply(response: ServerResponse, body: unknown, statusCode?: number): unknown {
    if (!(body instanceof Reply)) {
      this.logAnswer(response, statusCode ?? response.statusCode);
      return super.reply(response, body, statusCode);
    }
    const { status, headers, body: bytes } = this.writer.write(body);
    if (response.headersSent || response.destroyed) return response;
    if (this.closing || isBodyUnread(response.req)) headers.push('Connection', 'close');
    this.logAnswer(response, status);
    response.writeHead(status, headers);
    return response.end(bytes);
  }

  /** For whatever failed while failing: it needs no view and cannot throw. An answer half sent is cut off. */
  replyBare(response: ServerResponse, status: number): void {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const headers = { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store', Connection: 'close' };
    response.writeHead(status, headers).end('Something went wrong here.\n');
  }

  /** `localhost` listens on 127.0.0.1 and ::1, `::` on every address that there is. */
  override listen(port: string | number, ...rest: (string | Listening | undefined)[]): Server {
    const host = rest.find((argument) => typeof argument === 'string');
    const listening = rest.find((argument) => typeof argument === 'function');
    const server: Server = this.httpServer;
    if (host === undefined || host === '::') return server.listen(port, listening);
    if (host !== 'localhost') return server.listen(Number(port), host, listening);
    return server.listen(Number(port), '127.0.0.1', () => {
      this.beside = listenBeside(server, '::1', (error) => listening?.(error));
    });
  }

  override beforeClose(): void {
    this.closing = true;
    super.beforeClose();
  }

  /** Takes no more connections, lets answers under way finish, and closes what is idle. */
  override close(): Promise<unknown> {
    this.closing = true;
    const server = this.httpServer;
    this.beside?.close();
    return new Promise<void>((resolve) => {
      const cut = setTimeout(() => server.closeAllConnections(), CLOSING_MILLISECONDS);
      server.close(() => {
        clearTimeout(cut);
        resolve();
      });
    });
  }

  private logAnswer(response: ServerResponse, status: number): void {
    if (!this.log && !this.observe) return;
    // The server makes no other requests than those of bornForExpress.
    const request = response.req as WebRequest & { readonly bornAt: number };
    const answered = { request, status, milliseconds: performance.now() - request.bornAt };
    this.observe?.(answered);
    if (this.log) requestLog(this.log, answered);
  }

  private answerFirst(message: IncomingMessage, response: ServerResponse): boolean {
    const route = this.hot.get(`${message.method ?? ''} ${pathOf(message)}`);
    if (!route) return false;
    // What the router would have set, for whoever reads it from the request.
    const request = Object.assign(message, {
      originalUrl: message.url ?? '/',
      params: {},
      route: { path: route.path },
    });
    void this.answerHot(route, request, response);
    return true;
  }

  private async answerHot(route: HotRoute, request: WebRequest, response: ServerResponse): Promise<void> {
    try {
      let reply: Reply;
      try {
        reply = await route.answer(request);
      } catch (error) {
        reply = route.refuse(error, request);
      }
      this.reply(response, reply);
    } catch (error) {
      this.log?.error({ err: error }, 'an answer failed');
      this.replyBare(response, 500);
    }
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
 * Express gives every message the prototypes of its application by Object.setPrototypeOf, which was the largest single
 * cost of a request. Here the server makes messages that have them from birth, so that there is nothing to switch.
 */
function bornForExpress(app: Express, proxies: TrustedProxies): ServerOptions {
  class BornRequest extends IncomingMessage {
    readonly bornAt = performance.now();
  }
  class BornResponse<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {}
  adopt(BornRequest.prototype, app.request);
  adopt(BornResponse.prototype, app.response);
  trustProxies(BornRequest.prototype, proxies);
  Object.assign(app, { request: BornRequest.prototype, response: BornResponse.prototype });
  return { IncomingMessage: BornRequest, ServerResponse: BornResponse };
}

/** Once, before any message exists: ours -> the application's -> Express' -> Node's. */
function adopt(prototype: object, parent: object): void {
  Object.setPrototypeOf(prototype, parent);
}

/** What is left of a body would be taken for the next request. */
function isBodyUnread(request: IncomingMessage): boolean {
  if (request.complete) return false;
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  return encoding !== undefined || (length !== undefined && length !== '0');
}
