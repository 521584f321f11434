import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { engineNames, startPostgres, type TestPostgres } from '../../../../libs/platform/test/support/postgres';
import { ClientsService } from '../../src/clients/clients.service';
import { InitialAccessTokens } from '../../src/clients/registration/initial-access-tokens.service';
import { startProvider, type TestProvider } from '../support/provider';
import { configuration, metadataOf, register, type RegisteredClient } from '../support/registration';

describe.each(engineNames)('registrations at once, by two processes on %s,', (engine) => {
  let postgres: TestPostgres | undefined;
  let folder: string;
  let both: readonly TestProvider[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-registration-'));
    postgres = engine === 'PostgreSQL' ? await startPostgres() : undefined;
  }, 60_000);
  afterEach(async () => {
    for (const provider of both) await provider.close();
    both = [];
  });
  afterAll(async () => {
    await postgres?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(env: Readonly<Record<string, string>>): Promise<void> {
    const databaseUrl = postgres
      ? await postgres.url('registration')
      : `sqlite:${join(folder, `${randomBytes(6).toString('hex')}.sqlite`)}`;
    const all = { GATEHOUSE_SECRET_KEY: randomBytes(32).toString('base64url'), GATEHOUSE_REGISTRATION: 'open', ...env };
    const first = await startProvider({ databaseUrl, env: all });
    both = [first, await startProvider({ databaseUrl, env: all, clock: first.clock })];
  }

  const ask = (count: number, metadata: object, headers: Record<string, string> = {}) =>
    Promise.all(
      Array.from({ length: count }, async (_, n) => {
        const provider = both[n % 2];
        if (!provider) throw new Error('two run');
        return (await register(provider, metadata, { headers })).status;
      }),
    );
  const made = (statuses: readonly number[]): number => statuses.filter((status) => status === 201).length;

  it('never go past the rate of an address', async () => {
    await start({ GATEHOUSE_REGISTRATION_RATE: '10/3600' });
    const statuses = await ask(40, { redirect_uris: ['http://127.0.0.1/cb'] });
    expect(made(statuses)).toBe(10);
    expect(statuses.filter((status) => status === 429)).toHaveLength(30);
  });

  it('never go past the quota of unapproved clients', async () => {
    await start({ GATEHOUSE_THROTTLE: 'off', GATEHOUSE_REGISTRATION_QUOTA: '7' });
    const statuses = await ask(40, { redirect_uris: ['https://client.test/cb'] });
    expect(made(statuses)).toBe(7);
    expect(statuses.filter((status) => status === 429)).toHaveLength(33);
  });

  it('use an initial access token as often as it says', async () => {
    await start({ GATEHOUSE_THROTTLE: 'off', GATEHOUSE_REGISTRATION: 'token' });
    const [provider] = both;
    if (!provider) throw new Error('two run');
    const tokens = provider.app.get(InitialAccessTokens);
    const { token } = await provider.store.run((unit) =>
      tokens.add(unit, { name: 'five', maxUses: 5 }, provider.clock.now()),
    );
    const statuses = await ask(30, { redirect_uris: ['https://client.test/cb'] }, { Authorization: `Bearer ${token}` });
    expect(made(statuses)).toBe(5);
    expect(statuses.filter((status) => status === 401)).toHaveLength(25);
  });

  it.each([true, false])('are approved where the initial access token approves: %s', async (approves) => {
    await start({ GATEHOUSE_THROTTLE: 'off', GATEHOUSE_REGISTRATION: 'token' });
    const [provider] = both;
    if (!provider) throw new Error('two run');
    const tokens = provider.app.get(InitialAccessTokens);
    const { token } = await provider.store.run((unit) =>
      tokens.add(unit, { name: 'team', approves }, provider.clock.now()),
    );
    expect(await tokens.list()).toMatchObject([{ name: 'team', approves }]);
    const statuses = await ask(4, { redirect_uris: ['https://client.test/cb'] }, { Authorization: `Bearer ${token}` });
    expect(made(statuses)).toBe(4);
    const [approved, waiting] = await Promise.all(
      (['approved', 'new'] as const).map((state) => provider.app.get(ClientsService).list({ state, limit: 10 })),
    );
    expect([approved?.clients.length, waiting?.clients.length]).toEqual(approves ? [4, 0] : [0, 4]);
  });

  it('consume a registration access token once', async () => {
    await start({ GATEHOUSE_THROTTLE: 'off' });
    const [provider] = both;
    if (!provider) throw new Error('two run');
    const client = (await register(provider, { redirect_uris: ['https://client.test/cb'] })).json<RegisteredClient>();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => {
        const base = both[n % 2]?.base ?? '';
        const at = { ...client, registration_client_uri: `${base}/oauth/register/${client.client_id}` };
        return configuration(at, 'PUT', { metadata: { ...metadataOf(client), client_name: `Name ${n}` } });
      }),
    );
    const won = answers.filter(({ status }) => status === 200);
    expect(won).toHaveLength(1);
    expect((await configuration(client, 'GET')).status).toBe(401);
    const winner = won[0]?.json<RegisteredClient>();
    const read = await configuration(
      { ...client, registration_access_token: winner?.registration_access_token ?? '' },
      'GET',
    );
    expect(read.json()['client_name']).toBe(winner?.['client_name']);
  });
});
