import { partsOf } from '../lib/load.mjs';
import { endServer, freePort, startServer } from '../lib/server-process.mjs';

/**
 * A measured server.
 * @typedef {object} Side
 * @property {string} key      in results
 * @property {string} name     display name
 * @property {object} paths    of its endpoints
 * @property {object} client   id, secret; its refresh tokens rotate
 * @property {() => Side} forKeepingClient  the same server for requests of a client whose refresh tokens stay valid
 * @property {() => { name: string, pids: number[] }[]} pids  the processes whose processor time is measured
 */

function basic({ id, secret }) {
  const credentials = `${encodeURIComponent(id)}:${encodeURIComponent(secret)}`;
  return `Basic ${Buffer.from(credentials).toString('base64')}`;
}

/** @returns {Promise<Side & { start(): Promise<number>, stop(): Promise<void> }>} */
export async function makeSide({
  key,
  name,
  paths,
  client,
  keepingClient,
  command,
  cwd,
  environment,
  logPath,
  anywhere,
  beside = () => [],
}) {
  const port = await freePort();
  let child;
  return {
    key,
    name,
    paths,
    client,
    basic: basic(client),
    port,
    /** The same server, for requests of the client whose refresh tokens stay valid. */
    forKeepingClient() {
      return { ...this, client: keepingClient, basic: basic(keepingClient) };
    },
    pids: () => partsOf([['server', child.pid], ...beside()]),
    get running() {
      return child !== undefined;
    },
    /** @returns milliseconds to the first 200 */
    async start(nodeArguments = []) {
      const env = environment(port);
      const started = await startServer({
        command: [process.execPath, ...nodeArguments, ...command],
        env,
        cwd,
        logPath,
        port,
        readyPath: paths.discovery,
        anywhere,
      });
      child = started.child;
      return started.startMilliseconds;
    },
    async stop() {
      if (child) await endServer(child);
      child = undefined;
    },
  };
}
