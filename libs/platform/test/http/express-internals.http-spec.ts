import { once } from 'node:events';
import {
  createServer,
  IncomingMessage,
  ServerResponse as NodeResponse,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { ExpressAdapter } from '@nestjs/platform-express';
import express from 'express';
import { ReplyAdapter } from '../../src/http/express-adapter.js';
import {
  declaredVersion,
  functionsOf,
  violations,
  withMember,
  type DependencyContract,
} from '../support/dependency-contract.js';
import { recordWrites } from '../support/socket-writes.js';
import { ask, rawExchange, startTrial, type Trial } from './support.js';

const app = express();

/** The undocumented internals of Express and Nest that `express-adapter.ts` uses. */
const contract: DependencyContract = {
  adr: 'docs/adr/0033-reply-adapter.md',
  reviewed: { express: '5.3.0', '@nestjs/platform-express': '12.5.1', '@nestjs/core': '12.5.1' },
  members: [
    { owner: 'app', target: app, name: 'request', type: 'object' },
    { owner: 'app', target: app, name: 'response', type: 'object' },
    ...functionsOf('ExpressAdapter.prototype', ExpressAdapter.prototype, {
      initHttpServer: 1,
      createMiddlewareFactory: 1,
      registerParserMiddleware: 2,
      reply: 3,
      listen: 1,
      beforeClose: 0,
      close: 0,
      getInstance: 0,
      get: 0,
      post: 0,
      put: 0,
      patch: 0,
      delete: 0,
      options: 0,
      all: 0,
      use: 0,
    }),
  ],
};

describe('the internals of Express and Nest that the adapter depends on', () => {
  it('are those of the versions that were reviewed', () => {
    expect(violations(contract)).toEqual([]);
  });

  it.each(['express', '@nestjs/platform-express', '@nestjs/core'])(
    'are of the version of %s in package.json',
    (name) => {
      expect(declaredVersion(name)).toBe(contract.reviewed[name]);
    },
  );

  it('include every member that the adapter replaces', () => {
    const inherited = Object.getOwnPropertyNames(ReplyAdapter.prototype).filter(
      (name) => name !== 'constructor' && name in ExpressAdapter.prototype,
    );
    const pinned = new Set(contract.members.map(({ name }) => name));
    expect(inherited.filter((name) => !pinned.has(name))).toEqual([]);
  });

  it.each(contract.members.map((member) => [`${member.owner}.${member.name}`, member] as const))(
    'are missed when %s is missing, or is something else',
    (name, member) => {
      for (const other of [undefined, true])
        expect(violations(withMember(contract, member, other))).toEqual([
          expect.stringMatching(`^${name.replaceAll('.', '\\.')} is .*: read docs/adr/0033-reply-adapter\\.md$`),
        ]);
    },
  );

  it('are the prototypes of messages: the application, then Express, then Node', () => {
    const chains = [
      [app.request, express.request, IncomingMessage.prototype],
      [app.response, express.response, NodeResponse.prototype],
    ];
    for (const [own, shared, node] of chains) {
      expect(Object.getPrototypeOf(own)).toBe(shared);
      expect(Object.getPrototypeOf(shared)).toBe(node);
      expect(Object.getOwnPropertyNames(own)).toEqual(['app']);
    }
  });
});

interface Seen {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Their prototypes and properties when the server created them, before any handler. */
  readonly prototypes: readonly unknown[];
  readonly names: readonly string[][];
}

/** Records each request and response before Express handles them. */
function watch(server: Server): Seen[] {
  const seen: Seen[] = [];
  server.prependListener('request', (request, response) => {
    const messages = [request, response];
    seen.push({
      request,
      response,
      prototypes: messages.map((message) => Object.getPrototypeOf(message) as unknown),
      names: messages.map((message) => Object.getOwnPropertyNames(message)),
    });
  });
  return seen;
}

/** Also while a message is being handled. */
const setByNode = ['_eventsCount', 'statusCode', 'statusMessage'];

/** The properties that a request and its response got since the server created them. */
function gained({ request, response, names }: Seen): string[][] {
  return [request, response].map((message, index) =>
    Object.getOwnPropertyNames(message)
      .filter((name) => !names[index]?.includes(name) && !setByNode.includes(name))
      .sort(),
  );
}

describe.each([true, false])(
  'messages of the server (docs/adr/0033-reply-adapter.md), with direct dispatch: %s,',
  (dispatchDirectly) => {
    let trial: Trial;
    let seen: Seen[];
    beforeAll(async () => {
      trial = await startTrial({ dispatchDirectly });
      seen = watch(trial.app.getHttpServer() as Server);
    });
    afterAll(() => trial.app.close());

    async function see(path: string): Promise<Seen> {
      seen.length = 0;
      expect((await ask(trial, path)).status).toBe(200);
      const [first] = seen;
      if (!first) throw new Error('no request was seen');
      return first;
    }

    it('are created with the prototypes of Express, so that none is replaced', async () => {
      const { request, response, prototypes } = await see('/json');
      const application = trial.app.getHttpAdapter().getInstance<express.Express>();
      expect(prototypes[0]).toBe(application.request);
      expect(prototypes[1]).toBe(application.response);
      expect(Object.getPrototypeOf(request)).toBe(application.request);
      expect(Object.getPrototypeOf(response)).toBe(application.response);
      expect(request).toMatchObject({ app: application, receivedAt: expect.any(Number) as number });
    });

    it('get exactly these properties from Express and its router', async () => {
      expect(gained(await see('/json'))).toEqual(
        dispatchDirectly ? [[], []] : [['_parsedUrl', 'baseUrl', 'next', 'res'], ['locals']],
      );
    });

    it('have their URL and route with both kinds of dispatch', async () => {
      const { request } = await see('/json?a=b');
      expect(request).toMatchObject({
        url: '/json?a=b',
        originalUrl: '/json?a=b',
        route: { path: '/json' },
        params: {},
      });
    });

    it.each(['/json', '/page', '/cached'])('send %s in one write of headers and body', async (path) => {
      const writes: Buffer[][][] = [];
      const record = (socket: Socket): void => void writes.push(recordWrites(socket));
      const server = trial.app.getHttpServer() as Server;
      server.on('connection', record);
      await rawExchange(trial, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      server.off('connection', record);
      expect(writes).toHaveLength(1);
      const texts = (writes[0] ?? []).map((chunks) => Buffer.concat(chunks).toString());
      expect(texts).toEqual([expect.stringMatching(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n[^]+$/)]);
    });
  },
);

describe('messages of another server', () => {
  it('get their prototypes and properties from Express, which this check detects', async () => {
    const plain = express().get('/', (_request, response) => void response.end());
    const server = createServer(plain).listen(0, '127.0.0.1');
    const seen = watch(server);
    await once(server, 'listening');
    await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, { headers: { connection: 'close' } });
    const [first] = seen;
    if (!first) throw new Error('no request was seen');
    expect(first.prototypes).toEqual([IncomingMessage.prototype, NodeResponse.prototype]);
    expect(Object.getPrototypeOf(first.request)).toBe(plain.request);
    expect(gained(first)).toEqual([
      expect.arrayContaining(['res', 'route', 'params']),
      expect.arrayContaining(['locals']),
    ]);
    server.close();
  });
});
