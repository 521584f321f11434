import 'reflect-metadata';
import { EventEmitter } from 'node:events';
import { request as httpRequest, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import {
  Catch,
  Controller,
  Get,
  HttpException,
  Inject,
  Module,
  Post,
  Req,
  Res,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import { NestFactory, type NestApplication } from '@nestjs/core';
import { ManualClock } from '../../src/clock.js';
import { AddressList } from '../../src/outbound/address-list.js';
import { createLog } from '../../src/telemetry/log.js';
import { BrowserCookie } from '../../src/http/browser-cookie.js';
import { CsrfTokens } from '../../src/http/csrf.js';
import { ReplyAdapter } from '../../src/http/express-adapter.js';
import { replyWithFailure, describeFailure } from '../../src/http/failure.js';
import { PageForms } from '../../src/http/page-forms.js';
import { readForm } from '../../src/http/read-form.js';
import { Reply } from '../../src/http/reply.js';
import { clientAddress, query, requestId, type WebRequest } from '../../src/http/request.js';
import { StaticAssets } from '../../src/http/static-assets.js';
import { TrustedProxies } from '../../src/http/trusted-proxies.js';
import { Views } from '../../src/ui/views.js';

export const ORIGIN = 'http://127.0.0.1:5000';
export const clock = new ManualClock();
export const logLines: string[] = [];
const log = createLog({ level: 'info', name: 'trial', destination: { write: (line) => void logLines.push(line) } });

/** Emits `begun` for each request to /slow. */
export const slowRequests = new EventEmitter();

/** The number of calls of the handlers of /static and /constant. */
export const staticCalls = { count: 0 };

@Controller()
class TrialController {
  private readonly forms = new PageForms({
    origin: ORIGIN,
    csrf: new CsrfTokens([Buffer.alloc(32, 1)]),
    browserCookie: new BrowserCookie({ origin: ORIGIN }),
    clock,
  });

  @Get('/page')
  page(@Req() request: WebRequest): Reply {
    const { csrf, cookies } = this.forms.guard(request);
    return Reply.page('hello', { name: query(request).text('name'), csrf }, { cookies });
  }

  @Get('/leads-on')
  leadsOn(): Reply {
    return Reply.page('hello', { name: 'you' }, { formActionSchemes: ['https:', 'com.example.app:'] });
  }

  @Post('/page')
  async posted(@Req() request: WebRequest): Promise<Reply> {
    const { form, refusal } = await this.forms.read(request);
    const typed = Object.fromEntries(form.names.map((name) => [name, form.text(name)]));
    return Reply.json({ typed, refusal: refusal?.id }, { status: refusal ? 403 : 200 });
  }

  @Post('/form')
  async form(@Req() request: WebRequest): Promise<Reply> {
    const form = await readForm(request, { limitBytes: 1000 });
    return Reply.json(Object.fromEntries(form.names.map((name) => [name, form.all(name)])));
  }

  @Get('/static')
  staticReply(): Reply {
    staticCalls.count += 1;
    return Reply.constant(Reply.json({ call: staticCalls.count }), { isStatic: true });
  }

  @Get('/constant')
  constantReply(): Reply {
    staticCalls.count += 1;
    return Reply.constant(Reply.json({ call: staticCalls.count }));
  }

  @Get('/json')
  json(@Req() request: WebRequest): Reply {
    return Reply.json({ address: clientAddress(request), id: requestId(request) });
  }

  private readonly constant = Reply.constant(
    Reply.jsonText('{"ready":"jä"}', { headers: { 'cache-control': 'public, max-age=60' } }),
  );

  @Get('/cached')
  cached(): Reply {
    return this.constant;
  }

  @Get('/form-post')
  formPost(): Reply {
    return Reply.formPost('https://client.example/cb', { code: 'a"b', state: '<s>' });
  }

  @Get('/away')
  away(): Reply {
    return Reply.redirect('https://client.example/cb?x=1&y=ä b');
  }

  @Get('/nothing')
  nothing(): Reply {
    return Reply.empty(204);
  }

  @Get('/bug')
  bug(): Reply {
    throw new Error('the secret is 12345');
  }

  @Get('/unwritable')
  unwritable(): Reply {
    return Reply.json({}, { headers: { 'x-name': 'a\nb' } });
  }

  @Get('/missing-view')
  missingView(): Reply {
    return Reply.page('missing', {});
  }

  @Get('/half/:id')
  half(@Res() response: ServerResponse): never {
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.write('half');
    throw new Error('too late');
  }

  @Get('/teapot')
  teapot(): never {
    throw new HttpException('teapot', 418);
  }

  @Get('/slow')
  async slow(): Promise<Reply> {
    slowRequests.emit('begun');
    await new Promise((resolve) => setTimeout(resolve, 150));
    return Reply.json({ done: true });
  }
}

@Controller({ host: 'one.example' })
class OneHostController {
  @Get('/host')
  host(): Reply {
    return Reply.json({ host: 'one' });
  }
}

@Controller({ host: 'two.example' })
class TwoHostController {
  @Get('/host')
  host(): Reply {
    return Reply.json({ host: 'two' });
  }
}

@Catch()
class TrialFilter implements ExceptionFilter {
  constructor(@Inject(ReplyAdapter) private readonly adapter: ReplyAdapter) {}

  catch(error: unknown, host: ArgumentsHost): void {
    replyWithFailure(this.adapter, host, (request) => {
      const failure = describeFailure(error);
      if (failure.status === 418) throw new Error('this filter fails');
      return Reply.json(
        { error: failure.id, request: requestId(request) },
        { status: failure.status, headers: failure.headers },
      );
    });
  }
}

export const assets = new StaticAssets([join(__dirname, 'plain.css')]);

@Module({ controllers: [TrialController, OneHostController, TwoHostController] })
class TrialModule {}

export interface Trial {
  readonly app: NestApplication;
  readonly port: number;
}

export async function startTrial(
  options: { origin?: string; host?: string; dispatchDirectly?: boolean } = {},
): Promise<Trial> {
  const views = new Views([join(__dirname, 'views')], { helpers: { asset: (name: string) => assets.url(name) } });
  const trustedProxies = new TrustedProxies(AddressList.parse(['127.0.0.0/8']) ?? AddressList.empty);
  const { origin = ORIGIN, dispatchDirectly } = options;
  const adapter = new ReplyAdapter({ views, assets, origin, trustedProxies, log, dispatchDirectly });
  const app = await NestFactory.create<NestApplication>(TrialModule, adapter, { logger: false });
  app.useGlobalFilters(new TrialFilter(adapter));
  await app.listen(0, options.host ?? '127.0.0.1');
  const address = (app.getHttpServer() as Server).address() as AddressInfo;
  return { app, port: address.port };
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Ask {
  readonly method?: string;
  readonly host?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

export function ask(trial: Trial, path: string, options: Ask = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        host: options.host ?? '127.0.0.1',
        port: trial.port,
        path,
        method: options.method ?? 'GET',
        headers: options.headers ?? {},
      },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(parts).toString(),
          }),
        );
      },
    );
    request.on('error', reject);
    request.end(options.body);
  });
}

export function postForm(
  trial: Trial,
  path: string,
  body: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return ask(trial, path, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': String(Buffer.byteLength(body)),
      ...headers,
    },
  });
}

/** Sends raw bytes and collects the response until the server closes the connection. */
export function rawExchange(trial: Trial, bytes: string, onData: () => void = () => undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(trial.port, '127.0.0.1', () => socket.write(bytes));
    let received = '';
    socket.on('data', (part: Buffer) => {
      received += part.toString();
      onData();
    });
    socket.on('close', () => resolve(received));
    socket.on('error', reject);
  });
}
