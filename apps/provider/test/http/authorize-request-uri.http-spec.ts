import { createHash } from 'node:crypto';
import type { Client } from '@gatehouse/domain/oauth';
import { clientKey, signed } from '../support/client-jwts';
import { startKeyServer, type KeyServer } from '../support/key-server';
import { answerOf } from '../support/provider';
import { useRequestObjects } from '../support/request-objects';

const { key, add, objectOf, query, ask, askWith } = useRequestObjects();

describe('a request object by reference (OpenID Connect Core 6.2)', () => {
  let server: KeyServer;
  let uri: string;
  let client: Client;
  beforeEach(async () => {
    server = await startKeyServer();
    uri = server.url.replace('jwks.json', 'request.jwt');
    ({ client } = await add({ requestUris: [uri] }));
  });
  afterEach(() => server.close());

  const serve = (body: string, status = 200, headers: Record<string, string> = {}): void => {
    server.answer = (_request, response) => void response.writeHead(status, headers).end(body);
  };
  const askBy = async (requestUri: string, of = client): Promise<URLSearchParams> =>
    answerOf(await ask(query(of, { request_uri: requestUri })));

  it('is fetched from a registered address and checked as one by value', async () => {
    serve(await signed(key, objectOf(client)), 200, { 'Content-Type': 'application/oauth-authz-req+jwt' });
    expect(Object.fromEntries(await askBy(uri))).toMatchObject({
      code: expect.any(String) as unknown,
      state: 'inner-state',
    });
    serve(await signed(clientKey('ES256'), objectOf(client)));
    expect((await askBy(uri)).get('error')).toBe('invalid_request_object');
  });

  it.each([
    ['the SHA-256 of the content', (content: string) => createHash('sha256').update(content).digest('base64url')],
    ['the SHA-256 of something else', () => createHash('sha256').update('another').digest('base64url')],
    ['any text', () => 'version2'],
  ])('may have a fragment, which is neither sent nor checked: %s', async (_what, fragmentOf) => {
    const paths: (string | undefined)[] = [];
    const request = await signed(key, objectOf(client));
    server.answer = ({ url }, response) => {
      paths.push(url);
      response.end(request);
    };
    const fragment = fragmentOf(request);
    expect((await askBy(`${uri}#${fragment}`)).has('code')).toBe(true);
    // The registered address may have one as well (OpenID Connect Registration 2).
    const registered = (await add({ requestUris: [`${uri}#${fragment}`] })).client;
    serve(await signed(key, objectOf(registered)));
    expect((await askBy(uri, registered)).has('code')).toBe(true);
    expect(paths).toEqual([new URL(uri).pathname]);
  });

  it.each([
    ['another path', '/more'],
    ['a query', '?a=b'],
  ])('is not fetched from an address that is not registered: %s', async (_what, more) => {
    expect((await askBy(`${uri}${more}`)).get('error')).toBe('invalid_request_uri');
    expect((await askBy('http://127.0.0.1:1/request.jwt')).get('error')).toBe('invalid_request_uri');
    expect(server.asked).toBe(0);
  });

  it('is not one that was pushed to us where none was (RFC 9126 4)', async () => {
    expect((await askBy('urn:ietf:params:oauth:request_uri:abc')).get('error')).toBe('invalid_request_uri');
  });

  it.each<[string, () => void]>([
    ['404', () => serve('no', 404)],
    ['a redirect', () => serve('', 302, { Location: 'https://client.test/' })],
    ['an endless answer', () => serve('x'.repeat(40_000))],
    ['a connection that breaks off', () => (server.answer = (request) => void request.socket.destroy())],
  ])('whose host answers with %s is an invalid_request_uri', async (_what, answerWith) => {
    answerWith();
    expect((await askBy(uri)).get('error')).toBe('invalid_request_uri');
  });

  it('is not fetched from a private network that is not allowed', async () => {
    const inside = (await add({ requestUris: ['https://192.168.0.1/request.jwt'] })).client;
    expect((await askBy('https://192.168.0.1/request.jwt', inside)).get('error')).toBe('invalid_request_uri');
  });

  it('is fetched at most ten times concurrently for one requesting address; further requests are asked to retry', async () => {
    const waiting: (() => void)[] = [];
    const request = await signed(key, objectOf(client));
    server.answer = (_request, response) => void waiting.push(() => response.end(request));
    const asked = Array.from({ length: 10 }, () => askBy(uri));
    while (waiting.length < 10) await new Promise((resolve) => setTimeout(resolve, 10));
    expect((await askBy(uri)).get('error')).toBe('temporarily_unavailable');
    for (const answer of waiting) answer();
    for (const answer of await Promise.all(asked)) expect(answer.has('code')).toBe(true);
    server.answer = (_request, response) => void response.end(request);
    expect((await askBy(uri)).has('code')).toBe(true);
  });

  it('and one by value at once are an invalid_request', async () => {
    const request = await signed(key, objectOf(client));
    expect((await askWith(client, request, { request_uri: uri })).get('error')).toBe('invalid_request');
    expect(server.asked).toBe(0);
  });
});
