import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Where a client keeps its public keys: a real server on this machine, whose answer the test changes. */
export interface KeyServer {
  readonly url: string;
  /** How often it was asked. */
  asked: number;
  /** The JWK set that it shows. */
  keys: readonly object[];
  headers: Record<string, string>;
  /** Answers in place of the set. */
  answer: RequestListener | undefined;
  close(): Promise<void>;
}

export async function startKeyServer(): Promise<KeyServer> {
  const server = createServer((request, response) => {
    state.asked++;
    if (state.answer) return void state.answer(request, response);
    response.writeHead(200, { 'Content-Type': 'application/json', ...state.headers });
    response.end(JSON.stringify({ keys: state.keys }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const state: KeyServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`,
    asked: 0,
    keys: [],
    headers: {},
    answer: undefined,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return state;
}
