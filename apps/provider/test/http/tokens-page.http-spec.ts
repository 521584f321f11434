import type { Client } from '@gatehouse/domain/oauth';
import { Browser } from '../support/browser';
import { fieldsOf, rowValues, sendFields } from '../support/forms';
import { authorize, basic, post, redeem, startProvider, type TestProvider } from '../support/provider';

describe('the pages of grants and tokens', () => {
  let provider: TestProvider;
  let admin: Browser;
  let developer: Browser;
  let own: { client: Client; secret: string };
  let foreign: { client: Client; secret: string };

  beforeAll(async () => {
    provider = await startProvider();
    admin = await provider.logIn(await provider.addUser({ roles: ['admin'] }));
    const person = await provider.addUser({ roles: ['developer'] });
    developer = await provider.logIn(person);
    own = await provider.addClient({ name: 'Own app', ownerId: person.id });
    foreign = await provider.addClient({
      name: 'Foreign app',
      grantTypes: ['authorization_code', 'refresh_token', 'client_credentials'],
      scope: ['openid', 'profile', 'reports'],
    });
  });
  afterAll(() => provider.close());

  const at = (path: string): string => `${provider.issuer}${path}`;

  /** A person who is logged in to the client, and their access token. */
  async function tokenOf(
    registered: { client: Client; secret: string },
    username: string,
  ): Promise<{ userId: string; token: string }> {
    const user = await provider.addUser({ username });
    const browser = await provider.logIn(user);
    const { code, verifier } = await authorize(provider, browser, registered.client);
    const answer = await redeem(provider, registered, code, verifier);
    return { userId: user.id, token: answer.json<{ access_token: string }>().access_token };
  }

  async function works(token: string): Promise<boolean> {
    return (await new Browser().send(at('/api/me'), { headers: { Authorization: `Bearer ${token}` } })).status === 200;
  }

  it('is forbidden to users who are neither administrator nor developer', async () => {
    const browser = await provider.logIn(await provider.addUser());
    for (const path of ['/token', '/grant']) expect((await browser.open(at(path))).status).toBe(403);
  });

  it('shows what is live, never a value, and to a developer only what their clients have', async () => {
    const mine = await tokenOf(own, 'ann');
    const theirs = await tokenOf(foreign, 'ben');
    for (const path of ['/token', '/grant']) {
      const all = await admin.open(at(path));
      expect(all.text).toContain('ann');
      expect(all.text).toContain('ben');
      expect(all.text).toContain('Foreign app');
      for (const { token } of [mine, theirs]) expect(all.text).not.toContain(token.split('.')[1]);
      const some = await developer.open(at(path));
      expect(some.text).toContain('ann');
      expect(some.text).not.toContain('ben');
      expect(some.text).not.toContain('Foreign app');
    }
  });

  it('narrows by user and by client', async () => {
    await tokenOf(own, 'cat');
    await tokenOf(foreign, 'dan');
    for (const path of ['/token', '/grant']) {
      const byUser = await admin.open(at(`${path}?user=cat`));
      expect(byUser.text).toContain('Own app');
      expect(byUser.text).not.toContain('>dan<');
      const byClient = await admin.open(at(`${path}?client=${foreign.client.id}`));
      expect(byClient.text).toContain('>dan<');
      expect(byClient.text).not.toContain('>cat<');
      expect((await admin.open(at(`${path}?user=cat&client=${foreign.client.id}`))).text).toMatch(
        /No active (tokens|grants) match/,
      );
      expect((await admin.open(at(`${path}?user=ghost`))).text).toContain('There is no user of this name.');
      expect((await developer.open(at(`${path}?client=${foreign.client.id}`))).text).toContain(
        'There is no such application.',
      );
      expect((await developer.open(at(`${path}?user=dan`))).text).toMatch(/No active (tokens|grants) match/);
    }
  });

  it('revokes one token', async () => {
    const { token } = await tokenOf(own, 'eve');
    expect(await works(token)).toBe(true);
    await developer.open(at('/token?user=eve'));
    const [selector = ''] = rowValues(developer, 'selector');
    const answer = await sendFields(developer, [...fieldsOf(developer, '/token'), ['selector', selector]], '/token');
    expect(answer.status).toBe(303);
    expect(answer.location).toMatch(/\/token\?user=[\w-]+&done=revoked$/);
    expect(await works(token)).toBe(false);
  });

  it('revokes one grant with all that hangs on it', async () => {
    const { token } = await tokenOf(own, 'fay');
    await developer.open(at('/grant?user=fay'));
    const [selector = ''] = rowValues(developer, 'selector');
    await sendFields(developer, [...fieldsOf(developer, '/grant'), ['selector', selector]], '/grant');
    expect(await works(token)).toBe(false);
  });

  it.each(['/grant', '/token'])(
    '%s revokes those that are ticked, and no others; all or none of them',
    async (path) => {
      const name = `ticked${path.slice(1)}`;
      const tokens = [await tokenOf(own, name), await tokenOf(own, `${name}2`), await tokenOf(own, `${name}3`)];
      await developer.open(at(path));
      const chosen = rowValues(developer, 'chosen').slice(0, 2);
      const tick = (...selectors: readonly string[]) =>
        sendFields(
          developer,
          [
            ...fieldsOf(developer, path),
            ...selectors.map((selector) => ['chosen', selector] as const),
            ['action', 'revoke-chosen'],
          ],
          path,
        );
      await tokenOf(foreign, `${name}4`);
      await admin.open(at(`${path}?user=${name}4`));
      const [theirs = ''] = rowValues(admin, 'chosen');
      expect((await tick(...chosen, theirs)).status).toBe(403);
      await developer.open(at(path));
      expect((await tick()).location).toContain('done=none');
      await developer.open(at(path));
      expect((await tick(...chosen, 'x', '1')).location).toContain('done=chosen-revoked');
      const works3 = await Promise.all(tokens.map(({ token }) => works(token)));
      expect(works3).toEqual([true, false, false]);
      await developer.open(at(path));
      expect(rowValues(developer, 'chosen')).not.toEqual(expect.arrayContaining(chosen));
    },
  );

  it.each(['/grant', '/token'])('%s comes the oldest first when it is asked for, and stays so', async (path) => {
    for (let each = 0; each < 3; each += 1) await tokenOf(own, `aged${each}${path.slice(1)}`);
    await developer.open(at(path));
    const newest = rowValues(developer, 'chosen');
    const page = await developer.open(at(`${path}?order=oldest`));
    expect(rowValues(developer, 'chosen').slice(-newest.length)).toEqual([...newest].reverse().slice(-25));
    expect(page.text).toContain('<option value="oldest" selected>');
    const [selector = ''] = rowValues(developer, 'selector');
    const action = `${path}?order=oldest`;
    const answer = await sendFields(developer, [...fieldsOf(developer, path), ['selector', selector]], action);
    expect(answer.location).toContain('order=oldest&done=revoked');
  });

  it('does not let a developer revoke what is not theirs', async () => {
    const { token, userId } = await tokenOf(foreign, 'gus');
    for (const path of ['/token', '/grant']) {
      await admin.open(at(`${path}?user=gus`));
      const [selector = ''] = rowValues(admin, 'selector');
      expect(selector).not.toBe('');
      await tokenOf(own, `someone-for${path.slice(1)}`);
      await developer.open(at(path));
      expect((await sendFields(developer, [['selector', selector]], path)).status).toBe(403);
      await developer.open(at(path));
      expect(
        (
          await sendFields(
            developer,
            [
              ['user', userId],
              ['client', ''],
              ['action', 'revoke-all'],
            ],
            path,
          )
        ).status,
      ).toBe(403);
      await developer.open(at(path));
      expect(
        (
          await sendFields(
            developer,
            [
              ['user', ''],
              ['client', foreign.client.id],
              ['action', 'revoke-all'],
            ],
            path,
          )
        ).status,
      ).toBe(404);
    }
    expect(await works(token)).toBe(true);
  });

  it('revokes all of a user, and all of a client, its own tokens included', async () => {
    const first = await tokenOf(own, 'hal');
    const second = await tokenOf(foreign, 'ida');
    await admin.open(at('/grant?user=hal'));
    const answer = await sendFields(
      admin,
      [
        ['user', first.userId],
        ['client', ''],
        ['action', 'revoke-all'],
      ],
      '/grant',
    );
    expect(answer.status).toBe(303);
    expect(await works(first.token)).toBe(false);
    expect(await works(second.token)).toBe(true);

    const itself = await post(
      at('/oauth/token'),
      { grant_type: 'client_credentials', scope: 'reports' },
      { Authorization: basic(foreign.client, foreign.secret) },
    );
    expect(itself.status).toBe(200);
    const page = await admin.open(at(`/token?client=${foreign.client.id}`));
    expect(page.text).toContain('The application itself');
    await sendFields(
      admin,
      [
        ['user', ''],
        ['client', foreign.client.id],
        ['action', 'revoke-all'],
      ],
      '/token',
    );
    expect(await works(second.token)).toBe(false);
    expect((await admin.open(at(`/token?client=${foreign.client.id}`))).text).toContain('No active tokens match');
  });

  it('goes through pages by key', async () => {
    const { client, secret } = await provider.addClient({
      name: 'Busy app',
      grantTypes: ['client_credentials'],
      redirectUris: [],
      scope: ['reports'],
    });
    for (let n = 0; n < 27; n++) {
      const answer = await post(
        at('/oauth/token'),
        { grant_type: 'client_credentials', scope: 'reports' },
        { Authorization: basic(client, secret) },
      );
      expect(answer.status).toBe(200);
    }
    const rows = (text: string): number => text.match(/name="selector"/g)?.length ?? 0;
    const first = await admin.open(at(`/token?client=${client.id}`));
    expect(rows(first.text)).toBe(25);
    const next =
      /href="([^"]+)">Next</.exec(first.text)?.[1]?.replaceAll('&amp;', '&').replaceAll('&#x3D;', '=') ?? '';
    const second = await admin.open(at(next));
    expect(rows(second.text)).toBe(2);
    expect(second.text).not.toMatch(/>Next</);
  });

  it('revokes nothing without the token of the form', async () => {
    const { token } = await tokenOf(own, 'joe');
    await admin.open(at('/token?user=joe'));
    const answer = await sendFields(
      admin,
      [...fieldsOf(admin, '/token').filter(([name]) => name !== 'csrf'), ['csrf', 'x'], ['action', 'revoke']],
      '/token',
    );
    expect(answer.status).toBe(403);
    expect(await works(token)).toBe(true);
  });
});
