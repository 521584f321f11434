import { createHash } from 'node:crypto';
import { adminApi, pageOf, shaped, type AdminApiClient } from '../support/admin-api';
import { startProvider, type TestProvider } from '../support/provider';

describe('an Idempotency-Key at the administration’s API', () => {
  let provider: TestProvider;
  let api: AdminApiClient;
  beforeAll(async () => {
    provider = await startProvider();
    api = await adminApi(provider);
  });
  afterAll(() => provider.close());

  const key = { 'Idempotency-Key': 'one-creation' };

  it('makes a creation once, and gives the first answer again, its secret too', async () => {
    const body = { client_name: 'Once', redirect_uris: ['https://once.test/'] };
    const first = await api.call('POST', 'clients', body, key);
    const again = await api.call('POST', 'clients', body, key);
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.text).toBe(first.text);
    expect([first.headers['idempotent-replayed'], again.headers['idempotent-replayed']]).toEqual([undefined, 'true']);
    expect(again.headers['location']).toBe(first.headers['location']);
    expect(pageOf(await api.call('GET', 'clients?q=Once'), 'Client').items).toHaveLength(1);
    const other = await api.call('POST', 'clients', { ...body, client_name: 'Other' }, key);
    expect([other.status, shaped(other, 'Problem')['type']]).toEqual([
      422,
      expect.stringMatching(/#problem-key-reused$/),
    ]);
    expect((await api.call('POST', 'clients', body, { 'Idempotency-Key': '' })).status).toBe(400);
  });

  it('keeps nothing of the body by which a password in it could be guessed', async () => {
    const body = JSON.stringify({ username: 'kept-body', password: 'a phrase in a body' });
    expect((await api.call('POST', 'users', body, { 'Idempotency-Key': 'guess' })).status).toBe(201);
    const rows = await provider.store.reader.query<{ fingerprint: Buffer }[]>(
      'SELECT fingerprint FROM idempotent_answers',
    );
    const plain = createHash('sha256').update(body).digest('hex');
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.map(({ fingerprint }) => Buffer.from(fingerprint).toString('hex'))).not.toContain(plain);
  });

  it('of twenty at once makes one', async () => {
    const body = { username: 'raced' };
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => api.call('POST', 'users', body, { 'Idempotency-Key': 'race' })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  });

  it('is another caller’s own', async () => {
    const other = await adminApi(provider);
    const made = await other.call(
      'POST',
      'clients',
      { client_name: 'Theirs', redirect_uris: ['https://t.test/'] },
      key,
    );
    expect([made.status, shaped(made, 'ClientWithSecret')['client_name']]).toEqual([201, 'Theirs']);
  });

  it('is forgotten after a day, and with a rejected creation nothing is kept', async () => {
    const taken = { 'Idempotency-Key': 'refused' };
    expect((await api.call('POST', 'users', { username: '!' }, taken)).status).toBe(400);
    expect((await api.call('POST', 'users', { username: 'late' }, taken)).status).toBe(201);
    const row = await provider.store.reader.query<{ n: number }[]>('SELECT COUNT(*) AS n FROM idempotent_answers');
    expect(row[0]?.n).toBeGreaterThan(0);
  });
});
