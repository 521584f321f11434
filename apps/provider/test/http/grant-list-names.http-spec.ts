import type { Client } from '@gatehouse/domain/oauth';
import type { Browser } from '../support/browser';
import { authorize, redeem, startProvider, type TestProvider } from '../support/provider';
import { sendFields } from '../support/forms';

/** A page without what differs at every context, and without the name that was asked for. */
function pageOf(text: string, asked: string): string {
  return text
    .replace(/name="csrf" value="[^"]*"/g, '')
    .replaceAll(asked, 'ASKED')
    .replace(/<code>[\w-]{8,}<\/code>/g, '');
}

describe.each(['/grant', '/token'])('what %s tells a developer of users elsewhere', (path) => {
  let provider: TestProvider;
  let developer: Browser;
  let own: { client: Client; secret: string };
  let foreign: { client: Client; secret: string };
  let stranger: string;

  beforeAll(async () => {
    provider = await startProvider();
    const person = await provider.addUser({ roles: ['developer'] });
    developer = await provider.logIn(person);
    own = await provider.addClient({ name: 'Own app', ownerId: person.id });
    foreign = await provider.addClient({ name: 'Foreign app' });
    stranger = await logInTo(foreign, 'stranger');
    await logInTo(own, 'customer');
  });
  afterAll(() => provider.close());

  const at = (address: string): string => `${provider.issuer}${address}`;

  async function logInTo(registered: { client: Client; secret: string }, username: string): Promise<string> {
    const user = await provider.addUser({ username });
    const { code, verifier } = await authorize(provider, await provider.logIn(user), registered.client);
    expect((await redeem(provider, registered, code, verifier)).status).toBe(200);
    return user.id;
  }

  it('finds the users of own clients', async () => {
    expect((await developer.open(at(`${path}?user=customer`))).text).toContain('Own app');
  });

  it('answers the same for a username that does not exist and for one without anything at own clients', async () => {
    for (const client of ['', `&client=${own.client.id}`]) {
      const there = await developer.open(at(`${path}?user=stranger${client}`));
      const nowhere = await developer.open(at(`${path}?user=nobody-at-all${client}`));
      expect(there.status).toBe(200);
      expect(pageOf(there.text, 'stranger')).toBe(pageOf(nowhere.text, 'nobody-at-all'));
    }
  });

  it('does not turn the id of a user into a username', async () => {
    for (const client of ['', `&client=${own.client.id}`])
      expect((await developer.open(at(`${path}?user=${stranger}${client}`))).text).not.toContain('stranger');
  });

  it.each(['', 'own'])('refuses to end all of either in the same way (client: %j)', async (whose) => {
    const client = whose === 'own' ? own.client.id : '';
    const statuses: number[] = [];
    for (const user of ['stranger', 'nobody-at-all', stranger]) {
      await developer.open(at(path));
      const fields: [string, string][] = [
        ['user', user],
        ['client', client],
        ['action', 'revoke-all'],
      ];
      statuses.push((await sendFields(developer, fields, path)).status);
    }
    expect(new Set(statuses)).toEqual(new Set([whose === 'own' ? 404 : 403]));
  });
});
