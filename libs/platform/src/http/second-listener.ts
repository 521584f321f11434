import type { Server as HttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';

/** This machine has no IPv6, so no client will use it. */
const WITHOUT_IPV6 = ['EADDRNOTAVAIL', 'EAFNOSUPPORT'];

/**
 * `localhost` resolves to two addresses, and browsers differ in which one they try first: passes connections to the second
 * one on to the server that listens on the first, on the same port.
 * @param done called once; with an error when another process uses the port on the second address
 */
export function listenOnSecondAddress(server: HttpServer, host: string, done: (error?: Error) => void): Server {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  // allowHalfOpen and noDelay as node:http sets them
  const second = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => server.emit('connection', socket));
  const onError = (error: NodeJS.ErrnoException): void => {
    done(WITHOUT_IPV6.includes(error.code ?? '') ? undefined : error);
  };
  second.once('error', onError);
  second.listen(port, host, () => {
    second.off('error', onError);
    done();
  });
  return second;
}
