import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AddressList } from '../../src/outbound/address-list.js';
import { Outbound, type OutboundOptions } from '../../src/outbound/guarded-fetch.js';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const routes: Record<string, Handler> = {
  '/document': (_request, response) =>
    response.setHeader('Content-Type', 'application/json; charset=utf-8').end('{"a":1}'),
  '/redirect': (_request, response) => response.writeHead(302, { location: '/document' }).end(),
  '/large': (_request, response) => response.end('x'.repeat(5000)),
  '/endless': (_request, response) => {
    const timer = setInterval(() => response.write('x'.repeat(500)), 1);
    response.on('close', () => clearInterval(timer));
  },
  '/silent': () => undefined,
  '/gzip': (_request, response) => response.setHeader('Content-Encoding', 'gzip').end('x'),
  '/headers': (_request, response) => response.setHeader('X-Long', 'x'.repeat(40_000)).end(),
  '/missing': (_request, response) => response.writeHead(404).end('{}'),
  '/nothing': (_request, response) => response.writeHead(204).end(),
  '/echo': (request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => response.end(JSON.stringify({ method: request.method, headers: request.headers, body })));
  },
};

describe('the outbound guard', () => {
  let server: Server;
  let base: string;
  const loopback = AddressList.empty.with(['127.0.0.0/8']);

  beforeAll(async () => {
    server = createServer((request, response) => routes[request.url ?? '']?.(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  function outbound(options: Partial<OutboundOptions> = {}): Outbound {
    return new Outbound({ allow: loopback, userAgent: 'Gatehouse test', maxBodyBytes: 1000, ...options });
  }

  it('reads a document of the requested type', async () => {
    const answer = await outbound().get(`${base}/document`, { contentTypes: ['application/json'] });
    expect(JSON.parse(answer.body.toString())).toEqual({ a: 1 });
  });

  it.each([
    ['/redirect', 'redirect'],
    ['/large', 'too_large'],
    ['/endless', 'too_large'],
    ['/gzip', 'encoding'],
    ['/headers', 'network'],
    ['/missing', 'status'],
    ['/echo', 'content_type'],
  ])('refuses %s: %s', async (path, reason) => {
    const get = outbound().get(base + path, { contentTypes: ['application/json'] });
    await expect(get).rejects.toMatchObject({ name: 'OutboundRefused', reason });
  });

  it('observes its timeout, for DNS and for the response', async () => {
    const quick = { timeoutMilliseconds: 50 };
    await expect(outbound().get(`${base}/silent`, quick)).rejects.toMatchObject({ reason: 'timeout' });
    const never = outbound({ resolve: () => new Promise(() => undefined) });
    await expect(never.get('https://slow.example/', quick)).rejects.toMatchObject({ reason: 'timeout' });
  });

  it('stops when the caller aborts', async () => {
    const signal = AbortSignal.timeout(30);
    await expect(outbound().get(`${base}/silent`, { signal })).rejects.toMatchObject({ reason: 'aborted' });
    await expect(outbound().fetch(`${base}/silent`, { signal: AbortSignal.abort() })).rejects.toThrow();
  });

  it.each([
    ['http://127.0.0.1:1/', 'address'],
    ['https://127.0.0.1/', 'address'],
    ['https://[::ffff:127.0.0.1]/', 'address'],
    ['https://0x7f.1/', 'address'],
    ['https://2130706433/', 'address'],
    ['https://169.254.169.254/latest/meta-data', 'address'],
    ['https://[fd00:ec2::254]/', 'address'],
    ['http://8.8.8.8/', 'scheme'],
    ['ftp://example.org/', 'scheme'],
    ['file:///etc/passwd', 'scheme'],
    ['https://user@example.org/', 'credentials'],
  ])('does not go to %s: %s', async (address, reason) => {
    await expect(outbound({ allow: AddressList.empty }).get(address)).rejects.toMatchObject({ reason });
  });

  it('rejects a foreign host name that resolves to an internal address', async () => {
    const resolve = async () => [{ address: '10.0.0.5', family: 4 }];
    await expect(outbound({ resolve }).get('https://inside.example/')).rejects.toMatchObject({ reason: 'address' });
  });

  it('sends plain http only to this machine, even if a network is allowed', async () => {
    const guard = outbound({ allow: AddressList.empty.with(['10.0.0.0/8']) });
    await expect(guard.get('http://10.0.0.5/')).rejects.toMatchObject({ reason: 'scheme' });
  });

  it('connects to the address that it checked, with a single DNS lookup', async () => {
    let asked = 0;
    const resolve = async () => {
      asked += 1;
      return asked === 1
        ? [
            { address: '10.0.0.5', family: 4 },
            { address: '127.0.0.1', family: 4 },
          ]
        : [];
    };
    const { port } = new URL(base);
    const answer = await outbound({ resolve }).get(`http://rebinding.example:${port}/document`);
    expect(answer.status).toBe(200);
    expect(asked).toBe(1);
  });

  describe('as fetch', () => {
    it('sends method, headers and body', async () => {
      const response = await outbound().fetch(`${base}/echo`, {
        method: 'POST',
        headers: { authorization: 'Basic eA==' },
        body: new URLSearchParams({ grant_type: 'authorization_code' }),
      });
      const echoed = (await response.json()) as { method: string; body: string; headers: Record<string, string> };
      expect(echoed).toMatchObject({ method: 'POST', body: 'grant_type=authorization_code' });
      expect(echoed.headers).toMatchObject({
        authorization: 'Basic eA==',
        'content-type': 'application/x-www-form-urlencoded;charset=UTF-8',
        'content-length': '29',
        'user-agent': 'Gatehouse test',
      });
    });

    it('returns statuses, empty responses and, on request, redirects', async () => {
      const { fetch } = outbound();
      expect((await fetch(`${base}/missing`)).status).toBe(404);
      expect((await fetch(`${base}/nothing`)).status).toBe(204);
      expect((await fetch(`${base}/redirect`, { redirect: 'manual' })).headers.get('location')).toBe('/document');
      await expect(fetch(`${base}/redirect`)).rejects.toMatchObject({ reason: 'redirect' });
    });
  });
});
