import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export interface Wire {
  /** The database URL through this proxy. */
  readonly url: string;
  /** Closes all connections; accepts new ones. */
  drop(): void;
  /** Closes all connections, and rejects new ones. */
  cut(): Promise<void>;
  mend(): Promise<void>;
}

/** A TCP proxy to a database whose connections a test can close, to simulate an unavailable server. */
export async function openWire(databaseUrl: string): Promise<Wire> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let server: Server;
  const listen = async (port: number): Promise<number> => {
    server = createServer((near) => {
      const far = connect(Number(target.port || 5432), target.hostname);
      for (const socket of [near, far]) {
        sockets.add(socket);
        socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
      }
      near.pipe(far);
      far.pipe(near);
      near.on('close', () => far.destroy());
      far.on('close', () => near.destroy());
    }).listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const port = await listen(0);
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String(port);
  const drop = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: url.href,
    drop,
    async cut() {
      const closed = once(server, 'close');
      server.close();
      drop();
      await closed;
    },
    async mend() {
      await listen(port);
    },
  };
}
