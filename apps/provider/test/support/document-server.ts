import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Serves clients' metadata documents, one at every path: a real server whose response the test changes. */
export interface DocumentServer {
  readonly origin: string;
  /** Number of requests so far. */
  asked: number;
  /** Responds in place of the document. */
  answer: RequestListener | undefined;
  headers: Record<string, string>;
  /** Members in addition to `client_id`. */
  says: Record<string, unknown>;
  close(): Promise<void>;
}

export async function startDocumentServer(redirectUri: string, address = '127.0.0.1'): Promise<DocumentServer> {
  const server = createServer((request, response) => {
    state.asked++;
    if (state.answer) return void state.answer(request, response);
    response.writeHead(200, { 'Content-Type': 'application/json', ...state.headers });
    response.end(
      JSON.stringify({
        client_id: state.origin + (request.url ?? ''),
        client_name: 'An agent',
        redirect_uris: [redirectUri],
        token_endpoint_auth_method: 'none',
        ...state.says,
      }),
    );
  }).listen(0, address);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const state: DocumentServer = {
    origin: `http://${address}:${port}`,
    asked: 0,
    answer: undefined,
    headers: {},
    says: {},
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return state;
}
