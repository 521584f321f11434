import type { Client } from '@gatehouse/domain/oauth';
import { ClientsService } from '../../src/clients/clients.service';
import { adminApi } from '../support/admin-api';
import { send, type Browser } from '../support/browser';
import { changed, fieldsOf, sendFields } from '../support/forms';
import {
  answerOf,
  authorizationRequest,
  authorize,
  authorizeUrl,
  redeem,
  startProvider,
  type TestProvider,
} from '../support/provider';

const redirectUri = 'https://weather.test/cb';

describe('a change of the identity of a client that did not register itself (RFC 9700 4.15)', () => {
  let provider: TestProvider;
  let admin: Browser;
  let developer: Browser;
  let developerId: string;
  beforeAll(async () => {
    provider = await startProvider({ env: { GATEHOUSE_THROTTLE: 'off' } });
    admin = await provider.logIn(await provider.addUser({ username: 'root', roles: ['admin'] }));
    const dora = await provider.addUser({ username: 'dora', roles: ['developer'] });
    developerId = dora.id;
    developer = await provider.logIn(dora);
  });
  afterAll(() => provider.close());

  const at = (path: string): string => provider.issuer + path;
  const fresh = async (id: string): Promise<Client> => {
    const client = await provider.app.get(ClientsService).findFresh(id);
    if (!client) throw new Error('not there');
    return client;
  };
  const save = async (browser: Browser, path: string, changes: Parameters<typeof changed>[1]): Promise<string> => {
    await browser.open(at('dpopBoundAccessTokens' in changes ? `${path}/tokens` : path));
    const answer = await sendFields(browser, changed(fieldsOf(browser, path), changes), path);
    return answer.location ?? /id="client-id">([^<]+)</.exec(answer.text)?.[1] ?? answer.text;
  };
  /** A client of the developer that a person allowed to log them in. */
  const setUp = async (source: 'developer' | 'admin') => {
    const { client, secret } = await provider.addClient({
      name: 'Weather',
      source,
      ownerId: developerId,
      redirectUris: [redirectUri],
    });
    const person = await provider.logIn(await provider.addUser());
    const { code, verifier } = await authorize(provider, person, client);
    const redeemed = await redeem(provider, { client, secret }, code, verifier);
    const token = redeemed.json<{ access_token: string }>().access_token;
    const path = `/client/update/${client.id}`;
    const state = async (): Promise<[string, number]> => {
      const now = await fresh(client.id);
      const wanted = { prompt: 'none', redirect_uri: now.redirectUris[0] ?? '' };
      const { parameters } = authorizationRequest(now, wanted);
      const answer = answerOf(await person.open(authorizeUrl(provider, parameters)));
      const used = await send(`${provider.base}/oauth/userinfo`, { headers: { Authorization: `Bearer ${token}` } });
      return [answer.get('error') ?? (answer.has('code') ? 'code' : 'nothing'), used.status];
    };
    return { client, path, state };
  };
  const other = { name: 'Your bank', redirectUri: ['https://evil.test/cb'] };

  it.each(['developer', 'admin'] as const)(
    'ends what people allowed it, and its tokens, where a developer makes it: source %s',
    async (source) => {
      const { client, path, state } = await setUp(source);
      expect(await state()).toEqual(['code', 200]);
      expect(await save(developer, path, other)).toContain('done=saved');
      expect(await fresh(client.id)).toMatchObject({ name: 'Your bank', redirectUris: ['https://evil.test/cb'] });
      expect(await state()).toEqual(['consent_required', 401]);
    },
  );

  it('rejects a developer who loosens a client that an administrator gave rights', async () => {
    const { client } = await provider.addClient({
      name: 'Weather',
      source: 'developer',
      ownerId: developerId,
      redirectUris: [redirectUri],
      dpopBoundAccessTokens: true,
      consentRequired: false,
    });
    const path = `/client/update/${client.id}`;
    await developer.open(at(`${path}/tokens`));
    const loosened = changed(fieldsOf(developer, path), { dpopBoundAccessTokens: [] });
    const refused = await sendFields(developer, loosened, path);
    expect([refused.status, refused.text]).toEqual([422, expect.stringContaining('only one may loosen this')]);
    expect((await fresh(client.id)).dpopBoundAccessTokens).toBe(true);
    expect(await save(admin, path, { dpopBoundAccessTokens: [] })).toContain('done=saved');
    expect((await fresh(client.id)).dpopBoundAccessTokens).not.toBe(true);
    expect(await save(developer, path, { dpopBoundAccessTokens: 'yes' })).toContain('done=saved');
    expect((await fresh(client.id)).dpopBoundAccessTokens).toBe(true);
  });

  it('ends nothing where a developer changes anything else', async () => {
    const { path, state } = await setUp('developer');
    expect(await save(developer, path, { redirectUri: ['https://weather.test/other'] })).toContain('done=saved');
    expect(await state()).toEqual(['code', 200]);
  });

  it('ends nothing where an administrator makes it on the page', async () => {
    const { path, state } = await setUp('developer');
    expect(await save(admin, path, other)).toContain('done=saved');
    expect(await state()).toEqual(['code', 200]);
  });

  it('ends nothing where an administrator makes it by the API', async () => {
    const { client, state } = await setUp('developer');
    const api = await adminApi(provider);
    const patch = { client_name: 'Your bank', redirect_uris: ['https://evil.test/cb'] };
    const answer = await api.call('PATCH', `clients/${client.id}`, patch, {
      'Content-Type': 'application/merge-patch+json',
    });
    expect([answer.status, answer.json()['client_name']]).toEqual([200, 'Your bank']);
    expect(await state()).toEqual(['code', 200]);
  });
});
