import type { Client, ClientDraft } from '@gatehouse/domain/oauth';
import { send } from '../support/browser';
import { clientKey, signed } from '../support/client-jwts';
import { eventually } from '../support/eventually';
import { startKeyServer, type KeyServer } from '../support/key-server';
import { authorizationRequest, authorizeUrl, startProvider, type TestProvider } from '../support/provider';

const key = clientKey('ES256');

describe('the limits of fetching request objects (OpenID Connect Core 6.2)', () => {
  let provider: TestProvider;
  let server: KeyServer;
  beforeAll(async () => {
    provider = await startProvider({ env: { GATEHOUSE_OUTBOUND_ALLOW: '127.0.0.1' } });
  });
  afterAll(() => provider.close());
  beforeEach(async () => {
    provider.clock.advance(60);
    server = await startKeyServer();
  });
  afterEach(() => server.close());

  let number = 0;
  const add = async (draft: Partial<ClientDraft> = {}): Promise<Client> => {
    const requestUris = [server.url.replace('jwks.json', `request-${++number}.jwt`)];
    return (await provider.addClient({ jwks: { keys: [key.publicJwk] }, requestUris, ...draft })).client;
  };
  const addUnapproved = (): Promise<Client> => add({ source: 'registration' });
  const serve = async (client: Client): Promise<void> => {
    const object = { iss: client.id, aud: provider.issuer, exp: provider.clock.now() + 60 };
    const request = await signed(key, { ...object, ...authorizationRequest(client).parameters });
    server.answer = (_request, response) => void response.end(request);
  };
  /** `login` where the request object was taken, else the error. */
  const ask = async (client: Client, localAddress = '127.0.0.1'): Promise<string> => {
    const [redirectUri, requestUri] = [client.redirectUris[0], client.requestUris[0]];
    const parameters = { client_id: client.id, response_type: 'code', scope: 'openid', redirect_uri: redirectUri };
    const { location, status, text } = await send(authorizeUrl(provider, { ...parameters, request_uri: requestUri }), {
      localAddress,
    });
    // A client that nobody approved gets its error by a page, from where the person may go on (RFC 9700 4.11.2).
    if (location === undefined) {
      const [, error] = /[?&](?:amp;)?error=([a-z_]+)/.exec(text.replace(/&#x3D;/g, '=')) ?? [];
      if (status !== 400 || error === undefined) throw new Error(`${status} ${text}`);
      return error;
    }
    return new URL(location).searchParams.get('error') ?? new URL(location).pathname.slice(1);
  };
  const askOften = async (client: Client, times: number, localAddress?: string): Promise<number> => {
    let taken = 0;
    for (let n = 0; n < times; n++) if ((await ask(client, localAddress)) === 'login') taken++;
    return taken;
  };

  it('leave room for approved clients, however many slow ones strangers register', async () => {
    const waiting: (() => void)[] = [];
    server.answer = (_request, response) => void waiting.push(() => response.writeHead(500).end());
    // Five clients of each host, so that neither client nor host is the limit that is reached.
    const servers = await Promise.all(Array.from({ length: 5 }, () => startKeyServer()));
    for (const each of servers) each.answer = server.answer;
    const strangers = await Promise.all(
      Array.from({ length: 25 }, (_, n) => {
        const uri = servers[n % 5]?.url.replace('jwks.json', `slow-${n}.jwt`) ?? '';
        return add({ source: 'registration', requestUris: [uri] });
      }),
    );
    const asked = Promise.all(
      Array.from({ length: 50 }, (_, n) => {
        const stranger = strangers[n % 25];
        if (!stranger) throw new Error('25 were made');
        return ask(stranger, `127.0.0.${2 + (n % 25)}`);
      }),
    );
    const count = (): Promise<number> => Promise.resolve(waiting.length);
    expect(await eventually(count, (now) => now === 40)).toBe(40);
    const client = await add();
    await serve(client);
    expect(await ask(client)).toBe('login');
    for (const end of waiting) end();
    expect((await asked).filter((error) => error === 'temporarily_unavailable')).toHaveLength(10);
    for (const each of servers) await each.close();
  });

  it('leave room for other unapproved clients: two at once of an address, ten of a host', async () => {
    const waiting: (() => void)[] = [];
    server.answer = (_request, response) => void waiting.push(() => response.writeHead(500).end());
    const strangers = await Promise.all(Array.from({ length: 8 }, addUnapproved));
    const askAll = (localAddress: string): Promise<string[]> =>
      Promise.all(strangers.slice(0, 4).map((stranger) => ask(stranger, localAddress)));
    const count = (): Promise<number> => Promise.resolve(waiting.length);
    const asked = [askAll('127.0.0.2')];
    expect(await eventually(count, (now) => now === 2)).toBe(2);
    for (let n = 3; n < 10; n++)
      asked.push(Promise.all(strangers.slice(n % 8, (n % 8) + 2).map((each) => ask(each, `127.0.0.${n}`))));
    expect(await eventually(count, (now) => now === 10)).toBe(10);
    const other = await startKeyServer();
    try {
      const honest = await add({ source: 'registration', requestUris: [other.url] });
      const object = { iss: honest.id, aud: provider.issuer, exp: provider.clock.now() + 60 };
      const request = await signed(key, { ...object, ...authorizationRequest(honest).parameters });
      other.answer = (_request, response) => void response.end(request);
      expect(await ask(honest, '127.0.0.20')).toBe('login');
      expect(waiting).toHaveLength(10);
    } finally {
      for (const end of waiting) end();
      await Promise.all(asked);
      await other.close();
    }
  });

  it('hold for each unapproved client: 60 a minute', async () => {
    const [client, other] = [await addUnapproved(), await addUnapproved()];
    await serve(client);
    let answered = 0;
    for (const from of ['127.0.0.2', '127.0.0.3', '127.0.0.5', '127.0.0.6'])
      answered += await askOften(client, 25, from);
    expect(answered).toBe(60);
    expect(server.asked).toBe(60);
    await serve(other);
    expect(await ask(other, '127.0.0.4')).toBe('login');
    provider.clock.advance(60);
    await serve(client);
    expect(await ask(client)).toBe('login');
  });

  it('hold for each host, over all unapproved clients: 120 a minute', async () => {
    for (let n = 0; n < 4; n++) {
      const client = await addUnapproved();
      await serve(client);
      for (const from of [2 * n + 2, 2 * n + 3]) await askOften(client, 25, `127.0.0.${from}`);
    }
    expect(server.asked).toBe(120);
    const client = await add();
    await serve(client);
    expect(await ask(client)).toBe('login');
  });

  it('hold for each address that asks: one alone does not use up those of an approved client', async () => {
    const client = await add();
    await serve(client);
    expect(await askOften(client, 310, '127.0.0.2')).toBe(300);
    expect(await ask(client, '127.0.0.3')).toBe('login');
  });
});
