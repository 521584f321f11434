import type { Browser } from '../support/browser';
import { startProvider, type TestProvider } from '../support/provider';

describe('the search of the console', () => {
  let provider: TestProvider;
  let admin: Browser;
  beforeAll(async () => {
    provider = await startProvider({ env: { GATEHOUSE_THROTTLE: 'off' } });
    admin = await provider.logIn(await provider.addUser({ username: 'root', roles: ['admin'] }));
  });
  afterAll(() => provider.close());

  const search = async (
    browser: Browser,
    typed: string,
  ): Promise<{ status: number; text: string; links: string[] }> => {
    const { status, text } = await browser.open(`${provider.issuer}/search?q=${encodeURIComponent(typed)}`);
    const results = text.slice(text.indexOf('id="search-results"'), text.indexOf('</main>'));
    return { status, text, links: [...results.matchAll(/href="([^"]+)"/g)].map(([, href = '']) => href) };
  };

  it('finds users and applications by part of their names, and applications by their id', async () => {
    const user = await provider.addUser({ username: 'grace', name: 'Grace Okafor', email: 'grace@people.test' });
    const { client } = await provider.addClient({ name: 'Grafana' });
    const both = await search(admin, 'gra');
    expect(both.links).toEqual(expect.arrayContaining([`/user/update/${user.id}`, `/client/update/${client.id}`]));
    expect((await search(admin, 'okaf')).links).toEqual([`/user/update/${user.id}`]);
    expect((await search(admin, client.id)).links).toEqual([`/client/update/${client.id}`]);
  });

  it('finds a failed request by the request id of its error page', async () => {
    const error = await admin.open(`${provider.issuer}/oauth/authorize?client_id=nobody`);
    const id = /id="request-id">([^<]+)</.exec(error.text)?.[1] ?? '';
    expect(id).not.toBe('');
    let found: string[] = [];
    for (let n = 0; n < 50 && found.length === 0; n++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      found = (await search(admin, id)).links;
    }
    expect(found).toEqual([expect.stringMatching(/^\/failed-request\/[0-9a-z]+$/)]);
    const page = await admin.open(provider.issuer + (found[0] ?? ''));
    expect([page.status, page.text.includes(id)]).toEqual([200, true]);
  });

  it('finds pages and actions by their names, in any language', async () => {
    expect((await search(admin, 'add app')).links).toEqual(['/client/add']);
    expect((await search(admin, 'SCHLÜSSEL')).links).toContain('/key');
    expect((await search(admin, '')).links.length).toBeGreaterThan(10);
  });

  it('shows developers their own applications and pages alone, and auditors no actions', async () => {
    const dora = await provider.addUser({ username: 'dora', roles: ['developer'] });
    const developer = await provider.logIn(dora);
    const { client: own } = await provider.addClient({ name: 'Ledger of Dora', ownerId: dora.id });
    await provider.addClient({ name: 'Ledger of others' });
    expect((await search(developer, 'ledger')).links).toEqual([`/client/update/${own.id}`]);
    expect((await search(developer, 'root')).links).toEqual([]);
    expect((await search(developer, '')).links).toEqual(['/client', '/grant', '/token', '/client/add']);
    const auditor = await provider.logIn(await provider.addUser({ username: 'audrey', roles: ['auditor'] }));
    expect((await search(auditor, 'ledger')).links).toHaveLength(2);
    expect((await search(auditor, 'add')).links).not.toContain('/client/add');
  });

  it('is closed to people without a role, and asks others to sign in', async () => {
    const user = await provider.logIn(await provider.addUser());
    expect((await search(user, 'root')).status).toBe(403);
    const answer = await fetch(`${provider.issuer}/search?q=x`, { redirect: 'manual' });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, expect.stringContaining('/login')]);
  });

  it.each(['%', '_', "'", '\0', 'a\0b', '<script>', '‮evil', '𝒳'.repeat(200), 'x'.repeat(5000), '\\', '"-(*'])(
    'answers %j',
    async (typed) => {
      const { status, text } = await search(admin, typed);
      expect(status).toBe(200);
      expect(text).not.toContain('<script>');
    },
  );
});
