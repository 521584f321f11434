/**
 * What the reply adapter buys: a controller that returns a small JSON document, behind Nest's ExpressAdapter as it is, behind
 * ours, and behind ours with every request dispatched by Express' router. Each server is a process of its own; they
 * take turns under the same load.
 * Usage: node bench/reply-adapter.mjs [repetitions] [seconds of a slice]
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
const ours = (dispatchDirectly) =>
  new ReplyAdapter({ views: new Views([]), origin: 'http://127.0.0.1', dispatchDirectly });

/** Nest's adapter, and only the prototypes of messages as in ours. */
class BornAdapter extends ExpressAdapter {
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
  'our adapter': { adapter: () => ours(true), answer: () => Reply.json(body) },
  "our adapter, Express' router": { adapter: () => ours(false), answer: () => Reply.json(body) },
  'ExpressAdapter with our prototypes': { adapter: () => new BornAdapter(), answer: () => body },
  "Nest's ExpressAdapter": { adapter: () => new ExpressAdapter(), answer: () => body },
};

if (process.send) await serve(variants[process.argv[2]]);
else await measure(Number(process.argv[2] ?? 15), Number(process.argv[3] ?? 0.5));

async function serve({ adapter, answer }) {
  class TrivialController {
    document() {
      return answer();
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
      cpu: "µs of the server's processor time for a request",
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
        const answer = await connection.request(text);
        if (answer.status !== 200 || JSON.parse(answer.body).client_id !== 'client') throw new Error(answer.head);
        requests += 1;
      }
    }),
  );
  const after = await cpuOf(child);
  for (const connection of connections) connection.close();
  return { cpu: (after - before) / requests };
}

async function cpuOf(child) {
  const answer = once(child, 'message');
  child.send('cpu');
  const [{ cpu }] = await answer;
  return cpu.user + cpu.system;
}
