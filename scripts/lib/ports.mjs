import { connect, createServer } from 'node:net';
import { describeHolder } from './port-holder.mjs';
import { Failure } from './failure.mjs';

/** The addresses that an application listens on for the host in its settings. */
function addressesOf(host) {
  if (host === 'localhost') return ['127.0.0.1', '::1'];
  return [host.replace(/^\[|\]$/g, '')];
}

/** Whether the port can be bound and no program accepts connections on it. */
export async function isFree(host, port) {
  for (const address of addressesOf(host)) {
    // with a listener on all addresses (AirPlay on macOS), 127.0.0.1 can still be bound
    if ((await acceptsConnections(address, port)) || !(await canListen(address, port))) return false;
  }
  return true;
}

function acceptsConnections(address, port) {
  const target = address === '::' ? '::1' : address === '0.0.0.0' ? '127.0.0.1' : address;
  return new Promise((resolve) => {
    const socket = connect({ host: target, port, timeout: 1000 });
    const finish = (accepted) => {
      socket.destroy();
      resolve(accepted);
    };
    socket
      .once('connect', () => finish(true))
      .once('error', () => finish(false))
      .once('timeout', () => finish(false));
  });
}

function canListen(address, port) {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => {
      // without IPv6 there is no ::1, so no program can use its ports
      if (error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT') resolve(true);
      else if (error.code === 'EADDRINUSE') resolve(false);
      else if (error.code === 'EACCES') reject(new Failure(`This user may not listen on port ${port} (EACCES).`));
      else reject(error);
    });
    server.listen({ host: address, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/**
 * The port for this run: the requested one, or the next free one if the requested one is only a default.
 * @param options  { what, host, port, setBy, instead, besides } setBy: the setting that sets the port, if any; instead(port): the
 *   setting for another port, as for a command line; besides: ports that this run uses for other things
 * @returns {Promise<{ port: number, notice?: string }>}
 * @throws Failure if a port that a setting requests is in use
 */
export async function choosePort({ what, host, port, setBy, instead, besides = [] }) {
  if (!besides.includes(port) && (await isFree(host, port))) return { port };
  const holder = besides.includes(port) ? 'the other application of this demo' : await describeHolder(port);
  const inUse = `Port ${port} is in use${holder === undefined ? '' : ` by ${holder}`}`;
  for (let next = port + 1; next <= Math.min(port + 100, 65535); next++) {
    if (besides.includes(next) || !(await isFree(host, next))) continue;
    if (setBy === undefined) return { port: next, notice: `${inUse}; ${what} uses ${next} for this run.` };
    throw new Failure(`${inUse}, and ${setBy} requests it. Stop that program, or run:\n  ${instead(next)} npm start`);
  }
  throw new Failure(`${inUse}, and so are the next hundred ports.`);
}
