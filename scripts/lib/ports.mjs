import { connect, createServer } from 'node:net';
import { describeHolder } from './port-holder.mjs';
import { Failure } from './failure.mjs';

/** The addresses that an application listens on for a host name of its settings. */
function addressesOf(host) {
  if (host === 'localhost') return ['127.0.0.1', '::1'];
  return [host.replace(/^\[|\]$/g, '')];
}

/** Whether the port can be listened on, and nobody answers there. */
export async function isFree(host, port) {
  for (const address of addressesOf(host)) {
    // a listener on every address (AirPlay on a Mac) leaves 127.0.0.1 free to bind and answers there all the same
    if ((await answers(address, port)) || !(await canListen(address, port))) return false;
  }
  return true;
}

function answers(address, port) {
  const target = address === '::' ? '::1' : address === '0.0.0.0' ? '127.0.0.1' : address;
  return new Promise((resolve) => {
    const socket = connect({ host: target, port, timeout: 1000 });
    const end = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket
      .once('connect', () => end(true))
      .once('error', () => end(false))
      .once('timeout', () => end(false));
  });
}

function canListen(address, port) {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => {
      // a machine without IPv6 has no ::1, and nobody can hold a port of it
      if (error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT') resolve(true);
      else if (error.code === 'EADDRINUSE') resolve(false);
      else if (error.code === 'EACCES') reject(new Failure(`Port ${port} may not be opened by this user (EACCES).`));
      else reject(error);
    });
    server.listen({ host: address, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/**
 * The port for this run: the wished one, or the next free one where that is only a default.
 * @param wish  { what, host, port, setBy, instead } setBy: the setting that named the port, if any; instead(port): what to type
 * @returns {Promise<{ port: number, notice?: string }>}
 * @throws Failure when a port set by hand is taken
 */
export async function choosePort({ what, host, port, setBy, instead, besides = [] }) {
  if (!besides.includes(port) && (await isFree(host, port))) return { port };
  const holder = besides.includes(port) ? 'the other half of this demo' : await describeHolder(port);
  const held = `Port ${port} is taken${holder === undefined ? '' : ` by ${holder}`}`;
  for (let next = port + 1; next <= Math.min(port + 100, 65535); next++) {
    if (besides.includes(next) || !(await isFree(host, next))) continue;
    if (setBy === undefined) return { port: next, notice: `${held}; ${what} uses ${next} for this run.` };
    throw new Failure(`${held}, and ${setBy} asks for it. End that program, or type:\n  ${instead(next)} npm start`);
  }
  throw new Failure(`${held}, and so are the hundred ports after it.`);
}
