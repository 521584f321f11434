import { base, startClient, type TestClient } from '../support/start-client.js';

describe('a local client that is opened by another loopback name than its base URL', () => {
  let client: TestClient;
  beforeAll(async () => (client = await startClient()));
  afterAll(() => client.stop());

  const get = (path: string, headers: Record<string, string>) => client.browser().request('GET', path, { headers });

  it.each(['/', '/providers'])('leads from %s to the same page at its own name, once', async (path) => {
    const answer = await get(path, { Host: '127.0.0.1:8000' });
    expect([answer.status, answer.headers.location]).toEqual([302, `${base}${path}?loopback_redirect=1`]);
    const marked = await get(`${path}?loopback_redirect=1`, { Host: '127.0.0.1:8000' });
    expect(marked.status).not.toBe(302);
  });

  it('names the right address where the page is shown all the same', async () => {
    const { status, body } = await get('/?loopback_redirect=1', { Host: '[::1]:8000' });
    expect(status).toBe(200);
    expect(body).toContain(`href="${base}/?loopback_redirect&#x3D;1"`);
  });

  it('leaves programs, assets and other hosts alone', async () => {
    expect((await get('/', { Host: '127.0.0.1:8000', Accept: '*/*' })).status).toBe(200);
    expect((await get('/healthz', { Host: '127.0.0.1:8000' })).status).toBe(200);
    expect((await get('/', { Host: 'client.example' })).status).toBe(200);
  });
});
