import { partsOf } from '../lib/load.mjs';
import { endServer, freePort, startServer } from '../lib/server-process.mjs';

/**
 * One server that is measured.
 * @typedef {object} Side
 * @property {string} key      in results
 * @property {string} name     for people
 * @property {object} paths    of its endpoints
 * @property {object} client   id, secret
 * @property {() => { name: string, pids: number[] }[]} pids  what is charged for its work
 */

/** @returns {Promise<Side & { start(): Promise<number>, stop(): Promise<void> }>} */
export async function makeSide({
  key,
  name,
  paths,
  client,
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
    port,
    basic: `Basic ${Buffer.from(`${encodeURIComponent(client.id)}:${encodeURIComponent(client.secret)}`).toString('base64')}`,
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
