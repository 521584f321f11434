import type { Server as HttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';

/** No IPv6 on this machine: nobody will ask for it either. */
const WITHOUT_IPV6 = ['EADDRNOTAVAIL', 'EAFNOSUPPORT'];

/**
 * `localhost` is two addresses, and which one a browser tries first is its own affair: this hands the connections of
 * the second to the server that listens on the first, at the same port.
 * @param done called once: with an error when somebody else has that port on the second address
 */
export function listenBeside(server: HttpServer, host: string, done: (error?: Error) => void): Server {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  // allowHalfOpen and noDelay as node:http sets them for its own
  const beside = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => server.emit('connection', socket));
  const onError = (error: NodeJS.ErrnoException): void => {
    done(WITHOUT_IPV6.includes(error.code ?? '') ? undefined : error);
  };
  beside.once('error', onError);
  beside.listen(port, host, () => {
    beside.off('error', onError);
    done();
  });
  return beside;
}
