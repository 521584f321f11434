import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { claimsOf } from './tokens';

export interface ReceivedLogout {
  readonly path: string;
  readonly method: string | undefined;
  readonly contentType: string | undefined;
  readonly fields: URLSearchParams;
  readonly token: string;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** A relying party's server as far as back-channel logout goes: it notes what it is told and answers what it is told to. */
export interface LogoutReceiver {
  readonly origin: string;
  readonly got: ReceivedLogout[];
  /** The status for each request; `hang` never answers. */
  answer: (received: ReceivedLogout) => number | 'hang';
  /** Waits until so many arrived. */
  arrived(count: number, path?: string, milliseconds?: number): Promise<readonly ReceivedLogout[]>;
  close(): Promise<void>;
}

export async function startLogoutReceiver(): Promise<LogoutReceiver> {
  const got: ReceivedLogout[] = [];
  const server = createServer((request, response) => void take(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const receiver: LogoutReceiver = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    got,
    answer: () => 200,
    arrived: async (count, path, milliseconds = 15_000) => {
      const mine = (): readonly ReceivedLogout[] => got.filter((each) => path === undefined || each.path === path);
      const until = Date.now() + milliseconds;
      while (mine().length < count && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 25));
      if (mine().length < count) throw new Error(`${mine().length} of ${count} logouts arrived`);
      return mine();
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const part of request.setEncoding('utf8') as AsyncIterable<string>) body += part;
    const fields = new URLSearchParams(body);
    const token = fields.get('logout_token') ?? '';
    const received: ReceivedLogout = {
      path: request.url ?? '',
      method: request.method,
      contentType: request.headers['content-type'],
      fields,
      token,
      claims: claimsOf(token),
    };
    got.push(received);
    const answer = receiver.answer(received);
    if (answer === 'hang') return;
    const headers = answer >= 300 && answer < 400 ? { Location: `${receiver.origin}/elsewhere` } : {};
    response.writeHead(answer, headers).end();
  }
  return receiver;
}
