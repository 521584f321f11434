/**
 * Measures the reply adapter: a controller that returns a small JSON document, with Nest's ExpressAdapter, with Gatehouse's
 * adapter, and with Gatehouse's adapter and every request dispatched by Express' router. Each server is a separate process; they
 * run alternately under the same load.
 * Usage: node bench/reply-adapter.mjs [repetitions] [seconds per slice]
 * @see docs/adr/0033-reply-adapter.md
 */
import 'reflect-metadata';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer, IncomingMessage, ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { ReplyAdapter } from '@gatehouse/platform/http/express-adapter';
import { Reply } from '@gatehouse/platform/http/reply';
import { Views } from '@gatehouse/platform/ui/views';
import { Connection, requestText } from './lib/connection.mjs';
import { measureInTurns, printRatios } from './lib/variants.mjs';

const body = { active: true, scope: 'openid profile', client_id: 'client', exp: 1_700_003_600 };
const replyAdapter = (dispatchDirectly) =>
  new ReplyAdapter({ views: new Views([]), origin: 'http://127.0.0.1', dispatchDirectly });

/** Nest's adapter with the message prototypes of the reply adapter. */
class PrototypeAdapter extends ExpressAdapter {
  initHttpServer() {
    const app = this.getInstance();
    class Request extends IncomingMessage {}
    class Response extends ServerResponse {}
    Object.setPrototypeOf(Request.prototype, app.request);
    Object.setPrototypeOf(Response.prototype, app.response);
    Object.assign(app, { request: Request.prototype, response: Response.prototype });
    this.httpServer = createServer({ IncomingMessage: Request, ServerResponse: Response }, app);
  }
}

const variants = {
  'Reply adapter': { adapter: () => replyAdapter(true), response: () => Reply.json(body) },
  "Reply adapter, Express' router": { adapter: () => replyAdapter(false), response: () => Reply.json(body) },
  'ExpressAdapter with its prototypes': { adapter: () => new PrototypeAdapter(), response: () => body },
  "Nest's ExpressAdapter": { adapter: () => new ExpressAdapter(), response: () => body },
};

if (process.send) await serve(variants[process.argv[2]]);
else await measure(Number(process.argv[2] ?? 15), Number(process.argv[3] ?? 0.5));

async function serve({ adapter, response }) {
  class TrivialController {
    document() {
      return response();
    }
  }
  const method = Object.getOwnPropertyDescriptor(TrivialController.prototype, 'document');
  Get('/document')(TrivialController.prototype, 'document', method);
  Controller()(TrivialController);
  class TrivialModule {}
  Module({ controllers: [TrivialController] })(TrivialModule);
  const app = await NestFactory.create(TrivialModule, adapter(), { logger: false });
  await app.listen(0, '127.0.0.1');
  process.on('message', () => process.send({ cpu: process.cpuUsage() }));
  process.on('disconnect', () => process.exit(0));
  process.send({ port: app.getHttpServer().address().port });
}

async function measure(repetitions, seconds) {
  const sides = [];
  for (const name of Object.keys(variants)) {
    const child = fork(fileURLToPath(import.meta.url), [name]);
    const [{ port }] = await once(child, 'message');
    sides.push({ name, child, port });
  }
  for (const count of [1, 32]) {
    const measured = await measureInTurns(sides, repetitions, (side) => slice(side, count, seconds));
    printRatios(`${count} connection${count === 1 ? '' : 's'}`, measured, {
      cpu: 'µs of processor time of the server per request',
    });
  }
  for (const { child } of sides) child.disconnect();
}

async function slice({ child, port }, count, seconds) {
  const text = requestText('GET', '/document', port, { Accept: 'application/json', 'User-Agent': 'bench' });
  const connections = Array.from({ length: count }, () => new Connection(port));
  const before = await cpuOf(child);
  const deadline = performance.now() + seconds * 1000;
  let requests = 0;
  await Promise.all(
    connections.map(async (connection) => {
      while (performance.now() < deadline) {
        const response = await connection.request(text);
        if (response.status !== 200 || JSON.parse(response.body).client_id !== 'client') throw new Error(response.head);
        requests += 1;
      }
    }),
  );
  const after = await cpuOf(child);
  for (const connection of connections) connection.close();
  return { cpu: (after - before) / requests };
}

async function cpuOf(child) {
  const response = once(child, 'message');
  child.send('cpu');
  const [{ cpu }] = await response;
  return cpu.user + cpu.system;
}
