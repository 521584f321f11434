import { once } from 'node:events';
import { createServer, type Server } from 'node:http';

/** Something that can write the text that Prometheus reads. */
export interface MetricsSource {
  readonly contentType: string;
  metrics(): Promise<string>;
}

/** `/metrics` on a port of its own, on this machine only: it is nobody else's business. */
export async function serveMetrics(port: number, source: MetricsSource): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.url !== '/metrics' || request.method !== 'GET') {
      response.writeHead(404).end();
      return;
    }
    source.metrics().then(
      (text) => response.writeHead(200, { 'Content-Type': source.contentType, 'Cache-Control': 'no-store' }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
