import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { codeOf } from '@gatehouse/platform/error-code';
import type { Log } from '@gatehouse/platform/telemetry/log';
import { serverLimits } from '@gatehouse/platform/http/server-limits';
import { CannotStart } from '../config/cannot-start.js';

/** A source of metrics in the text format of Prometheus. */
export interface MetricsSource {
  readonly contentType: string;
  metrics(): Promise<string>;
}

/** Enough for a few scrapers and a person; further connections are closed. */
const maxConnections = 32;

/**
 * Serves `/metrics` on a separate address and port, not on the one for browsers.
 * @throws CannotStart when it cannot listen there
 */
export async function serveMetrics(
  { host, port }: { readonly host: string; readonly port: number },
  source: MetricsSource,
  log: Log,
): Promise<Server> {
  const server = createServer(serverLimits, (request, response) => {
    if (request.url !== '/metrics' || request.method !== 'GET') {
      response.writeHead(404).end();
      return;
    }
    source.metrics().then(
      (text) => response.writeHead(200, { 'Content-Type': source.contentType, 'Cache-Control': 'no-store' }).end(text),
      (error: unknown) => {
        log.error({ err: error }, 'the metrics could not be read');
        response.writeHead(500).end();
      },
    );
  });
  server.maxConnections = maxConnections;
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  server.listen(port, host);
  await once(server, 'listening').catch((cause: unknown) => {
    throw new CannotStart(
      `the metrics cannot listen on ${address} (${codeOf(cause) ?? String(cause)}): set GATEHOUSE_METRICS_HOST or GATEHOUSE_METRICS_PORT to another one`,
    );
  });
  // A connection that cannot be accepted (too many open files) must not end the process.
  server.on('error', () => undefined);
  return server;
}
