import { request } from 'node:http';
import { availableParallelism } from 'node:os';
import { PasswordHasher } from '../../src/users/credentials/password-hasher';
import { send } from '../support/browser';
import { post, startProvider, type TestProvider } from '../support/provider';

describe('limits of unauthenticated requests', () => {
  let provider: TestProvider;
  beforeAll(async () => (provider = await startProvider()));
  afterAll(() => provider.close());

  it.each([
    ['a header', () => ({ headers: { 'X-Long': 'x'.repeat(20_000) } })],
    ['a cookie', () => ({ headers: { Cookie: `a=${'x'.repeat(20_000)}` } })],
    [
      'headers together',
      () => ({ headers: Object.fromEntries(Array.from({ length: 400 }, (_, n) => [`X-${n}`, 'x'.repeat(50)])) }),
    ],
  ])('is bounded: %s of more than 16 kB is 431 (RFC 6585 5)', async (_what, options) => {
    expect((await send(`${provider.base}/login`, options())).status).toBe(431);
  });

  it('is bounded: an address of more than 16 kB is 431', async () => {
    expect((await send(`${provider.base}/oauth/authorize?state=${'x'.repeat(20_000)}`)).status).toBe(431);
  });

  it('is bounded: a body of the token endpoint, in bytes and in parameters, is 413', async () => {
    const large = await post(`${provider.base}/oauth/token`, { grant_type: 'x'.repeat(300_000) });
    expect({ status: large.status, ...large.json() }).toMatchObject({ status: 413, error: 'invalid_request' });
    const many = Object.fromEntries(Array.from({ length: 1500 }, (_each, index) => [`p${index}`, '']));
    const answer = await post(`${provider.base}/oauth/token`, many);
    expect({ status: answer.status, ...answer.json() }).toMatchObject({ status: 413, error: 'invalid_request' });
  });

  it('is bounded: a body without an end is cut off when it is too long, however it is sent', async () => {
    const status = await new Promise<number | string>((resolve) => {
      const sent = request(`${provider.base}/oauth/token`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      });
      const more = setInterval(() => sent.write('x'.repeat(64 * 1024)), 1);
      const end = (how: number | string): void => {
        clearInterval(more);
        sent.destroy();
        resolve(how);
      };
      sent.on('response', (response) => end(response.statusCode ?? 0)).on('error', () => end('cut off'));
    });
    expect([413, 'cut off']).toContain(status);
  });

  it('is bounded: passwords that wait; past that it is 503 with Retry-After', async () => {
    const hasher = provider.app.get(PasswordHasher);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 70 * availableParallelism() }, () => hasher.hash('one of very many')),
    );
    const refused = outcomes.filter((each) => each.status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    for (const { reason } of refused) expect(reason).toMatchObject({ name: 'ServerBusy', retryAfterSeconds: 2 });
  }, 60_000);
});
