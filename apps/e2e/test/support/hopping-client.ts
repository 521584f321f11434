import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Stage } from './stage.js';

export interface HoppingClient {
  /** The client's origin; `/start` starts a login. */
  readonly url: string;
  /** The origin to which its callback redirects. */
  readonly elsewhere: string;
  close(): Promise<void>;
}

/** A client whose callback redirects to another host, like a client behind a gateway. */
export async function startHoppingClient(stage: Stage): Promise<HoppingClient> {
  const home = await listen(createServer((_request, response) => html(response, 'Logged in: a code came')));
  const elsewhere = `http://127.0.0.2:${portOf(home)}`;
  let start = '';
  const door = await listen(
    createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://localhost');
      const target =
        url.pathname === '/start' ? start : url.searchParams.has('code') ? `${elsewhere}/home` : `${elsewhere}/failed`;
      response.writeHead(303, { location: target }).end();
    }),
  );
  const url = `http://localhost:${portOf(door)}`;
  const { client_id } = await stage.addClient('Behind a gateway', url);
  const challenge = createHash('sha256').update(randomBytes(32).toString('base64url')).digest('base64url');
  start = `${stage.issuer}/oauth/authorize?${new URLSearchParams({
    response_type: 'code',
    client_id,
    redirect_uri: `${url}/authorized`,
    scope: 'openid',
    state: 'somewhere',
    code_challenge: challenge,
    code_challenge_method: 'S256',
  }).toString()}`;
  return {
    url,
    elsewhere,
    close: async () => {
      for (const server of [home, door]) {
        server.closeAllConnections();
        server.close();
        await once(server, 'close');
      }
    },
  };
}

async function listen(server: Server): Promise<Server> {
  server.listen(0);
  await once(server, 'listening');
  return server;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function html(response: ServerResponse, title: string): void {
  response
    .writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
    .end(`<!doctype html><title>${title}</title><h1>${title}</h1>`);
}
