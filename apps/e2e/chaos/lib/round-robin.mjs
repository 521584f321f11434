import { Agent, createServer, request } from 'node:http';
import { once } from 'node:events';

/**
 * A proxy that sends each request to the next of several targets, with no memory of who sent it. What could not be
 * connected goes to the one after; what was sent and not answered is cut off, because nobody knows what became of it.
 */
export class RoundRobin {
  targets = [];
  turn = 0;
  /** Where each request went, in order. */
  trace = [];
  agent = new Agent({ keepAlive: true, maxSockets: 256 });

  static async start() {
    const proxy = new RoundRobin();
    proxy.server = createServer((asked, answer) => proxy.pass(asked, answer));
    proxy.server.keepAliveTimeout = 60_000;
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    proxy.base = `http://127.0.0.1:${proxy.server.address().port}`;
    return proxy;
  }

  add(base) {
    this.targets.push(base);
  }

  /** Sends it nothing more; what it has is answered. */
  remove(base) {
    this.targets = this.targets.filter((each) => each !== base);
  }

  async pass(asked, answer) {
    const chunks = [];
    for await (const chunk of asked) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    for (let left = this.targets.length; left > 0; left--) {
      const target = this.targets[this.turn++ % this.targets.length];
      const outcome = await this.send(target, asked, body, answer);
      if (outcome !== 'not connected') return;
    }
    answer.destroy();
  }

  /** @returns 'answered', 'cut off', or 'not connected': then nothing was sent */
  send(target, asked, body, answer) {
    return new Promise((resolve) => {
      const sent = request(new URL(asked.url, target), {
        agent: this.agent,
        method: asked.method,
        // The name that was asked for stays: the provider believes its own settings, not this.
        headers: { ...asked.headers, 'x-forwarded-for': asked.socket.remoteAddress },
      });
      sent.on('response', (response) => {
        this.trace.push(target);
        answer.writeHead(response.statusCode, response.rawHeaders);
        response.pipe(answer);
        response.on('end', () => resolve('answered'));
        response.on('error', () => {
          answer.destroy();
          resolve('cut off');
        });
      });
      sent.on('error', (error) => {
        // An idle connection that closes just as it is used again has carried nothing either, but cannot be told apart.
        if (error.code === 'ECONNREFUSED') return resolve('not connected');
        answer.destroy();
        resolve('cut off');
      });
      sent.end(body);
    });
  }

  async close() {
    this.agent.destroy();
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }
}
