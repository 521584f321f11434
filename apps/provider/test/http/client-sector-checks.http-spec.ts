import type { Client } from '@gatehouse/domain/oauth';
import { ClientsService } from '../../src/clients/clients.service';
import type { Answer, Browser } from '../support/browser';
import { changed, fieldsOf, sendFields } from '../support/forms';
import { startProvider, type TestProvider } from '../support/provider';
import { startSectorServer, type SectorServer } from '../support/sector-server';

const redirectUri = 'https://client.test/callback';

/** Whoever may make this server fetch a sector identifier that they name (OpenID Connect Core 8.1), and how often. */
describe('a sector identifier at the page of a client', () => {
  let provider: TestProvider;
  let browser: Browser;
  let owner: { readonly id: string };
  let sector: SectorServer;
  beforeAll(async () => {
    sector = await startSectorServer([redirectUri]);
    provider = await startProvider();
    sector.trustedBy(provider);
  });
  beforeEach(async () => {
    sector.asked.length = 0;
    const person = await provider.addUser({ roles: ['developer'] });
    owner = person;
    browser = await provider.logIn(person);
  });
  afterAll(async () => {
    await provider.close();
    sector.close();
  });

  const add = async (name: string): Promise<Answer> => {
    await browser.open(`${provider.issuer}/client/add`);
    const sectorIdentifierUri = `${sector.origin}/${name}`;
    return sendFields(browser, changed(fieldsOf(browser), { name, redirectUri, sectorIdentifierUri, action: 'save' }));
  };
  const edit = async (client: Client, more: Record<string, string> = {}): Promise<Answer> => {
    await browser.open(`${provider.issuer}/client/update/${client.id}`);
    const fields = changed(fieldsOf(browser, '/client/update/'), {
      sectorIdentifierUri: `${sector.origin}/edit`,
      action: 'save',
      ...more,
    });
    return sendFields(browser, fields, '/client/update/');
  };

  it('is fetched for a developer who signed in recently, and not before the sign-in that is asked for', async () => {
    expect((await add('first')).status).toBe(200);
    const { client } = await provider.addClient({ ownerId: owner.id });
    expect((await edit(client)).status).toBe(303);
    expect(sector.asked).toEqual(['/first', '/edit']);
    provider.clock.advance(700);
    const stale = [await add('second'), await edit(client, { sectorIdentifierUri: `${sector.origin}/other` })];
    expect(stale.map(({ status }) => status)).toEqual([303, 303]);
    expect(sector.asked).toHaveLength(2);
    expect((await provider.app.get(ClientsService).findFresh(client.id))?.sectorIdentifierUri).toBe(
      `${sector.origin}/edit`,
    );
  });

  it('is not fetched where the client was changed since the form was made', async () => {
    const { client } = await provider.addClient({ ownerId: owner.id });
    const stale = await edit(client, { revision: 'another' });
    expect([stale.status, sector.asked]).toEqual([409, []]);
  });

  it('is fetched so many times in a minute for one developer', async () => {
    let answer = await add('0');
    for (let n = 1; n <= 30 && answer.status === 200; n++) answer = await add(String(n));
    expect(answer.status).toBe(429);
    expect(answer.text).toContain('Too many sector identifiers are being fetched for you');
    expect(sector.asked).toHaveLength(30);
  });
});
