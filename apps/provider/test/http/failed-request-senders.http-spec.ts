import type { ClientDraft } from '@gatehouse/domain/oauth';
import { FailedRequests } from '../../src/audit/failed-requests.service';
import { ClientsService } from '../../src/clients/clients.service';
import { SetClientState } from '../../src/clients/operations/set-client-state';
import { Browser, type Answer } from '../support/browser';
import { fieldsOf } from '../support/forms';
import { authorizationRequest, authorizeUrl, basic, post, startProvider, type TestProvider } from '../support/provider';

type Registered = Awaited<ReturnType<TestProvider['addClient']>>;

const acting: Partial<ClientDraft> = { grantTypes: ['client_credentials'], redirectUris: [], scope: ['a'] };
const withoutPkce = { code_challenge: undefined, code_challenge_method: undefined };

describe('who sent a failed request', () => {
  let provider: TestProvider;
  let admin: Browser;
  let otherAdmin: Browser;

  beforeAll(async () => {
    provider = await startProvider({ env: { GATEHOUSE_PKCE: 'public' } });
    admin = await provider.logIn(await provider.addUser({ roles: ['admin'] }));
    otherAdmin = await provider.logIn(await provider.addUser({ roles: ['admin'] }));
  });
  afterAll(() => provider.close());
  // A minute with all its room for records.
  beforeEach(() => provider.clock.advance(60));

  const at = (path: string): string => `${provider.base}${path}`;

  /** The path of the newest failed request of a client. */
  async function newestPath({ client }: Registered): Promise<string> {
    await provider.app.get(FailedRequests).flush();
    const { failedRequests } = await provider.app.get(FailedRequests).list({ clientId: client.id, limit: 1 });
    const [newest] = failedRequests;
    if (!newest) throw new Error('no failed request');
    return `/failed-request/${newest.selector.toString(36)}`;
  }

  async function askAt(
    browser: Browser,
    { client }: Registered,
    overrides: Readonly<Record<string, string | undefined>>,
  ): Promise<void> {
    await browser.open(authorizeUrl(provider, { ...authorizationRequest(client).parameters, ...overrides }));
  }

  /** The form of a button that the page does not have. */
  async function postForged(path: string, fields: Readonly<Record<string, string>>): Promise<Answer> {
    await admin.open(at('/user/add'));
    const [csrf] = fieldsOf(admin).filter(([name]) => name === 'csrf');
    if (!csrf) throw new Error('no form on the page');
    return admin.send(at(path), {
      method: 'POST',
      body: new URLSearchParams([csrf, ...Object.entries(fields)]).toString(),
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: provider.issuer },
    });
  }

  const overview = async (): Promise<string> => (await admin.open(at('/admin'))).text;

  it.each<[string, Partial<ClientDraft>, (registered: Registered) => Promise<unknown>, string, string]>([
    [
      'a redirect URI',
      {},
      (registered) => askAt(new Browser(), registered, { redirect_uri: 'https://evil.test/' }),
      'redirect_uri.unregistered',
      'Register https://evil.test/',
    ],
    [
      'a scope',
      {},
      (registered) => askAt(new Browser(), registered, { scope: 'openid more' }),
      'scope.unregistered',
      'Allow more',
    ],
    [
      'a request without PKCE',
      { pkceRequired: true },
      (registered) => askAt(new Browser(), registered, withoutPkce),
      'pkce.required',
      'Stop requiring PKCE',
    ],
    [
      'a request that was not pushed',
      { requirePushedAuthorizationRequests: true },
      (registered) => askAt(new Browser(), registered, {}),
      'par.required',
      'Accept requests without PAR',
    ],
    [
      'a wrong secret, sent another way',
      acting,
      ({ client }) =>
        post(at('/oauth/token'), { grant_type: 'client_credentials', client_id: client.id, client_secret: 'wrong' }),
      'client_auth.method',
      'Accept client_secret_post',
    ],
    [
      'a grant type of a public application',
      { type: 'public', authMethod: 'none', grantTypes: ['authorization_code'] },
      ({ client }) =>
        post(at('/oauth/token'), { grant_type: 'refresh_token', refresh_token: 'x', client_id: client.id }),
      'grant_type.unregistered',
      'Allow refresh_token',
    ],
  ])('is unknown, and no reason to change anything: %s', async (_name, draft, ask, reason, fix) => {
    const registered = await provider.addClient({ name: `Target of ${reason}`, ...draft });
    await ask(registered);
    const path = await newestPath(registered);
    const page = await admin.open(at(path));
    expect(page.text).toContain(reason);
    expect(page.text).toContain('No change is offered here');
    expect(page.text).not.toContain('value="fix"');
    const list = await admin.open(at(`/failed-request?client=${registered.client.id}`));
    expect(list.text).toContain(reason);
    expect(list.text).not.toContain('Fix available');
    expect(await overview()).not.toContain(`Requests from Target of ${reason} fail`);

    const before = await provider.app.get(ClientsService).findFresh(registered.client.id);
    expect((await postForged(path, { action: 'fix', fix })).status).toBe(409);
    expect(await provider.app.get(ClientsService).findFresh(registered.client.id)).toEqual(before);
  });

  it('is unknown, and no reason to enable a disabled application', async () => {
    const registered = await provider.addClient({ name: 'Disabled target' });
    await provider.execute(SetClientState, { id: registered.client.id, decision: 'disable' });
    await askAt(new Browser(), registered, {});
    const path = await newestPath(registered);
    expect((await admin.open(at(path))).text).not.toContain('value="enable"');
    expect((await postForged(path, { action: 'enable' })).status).toBe(409);
    expect((await provider.app.get(ClientsService).findFresh(registered.client.id))?.disabledAt).toBeDefined();
    await askAt(admin, registered, {});
    expect((await admin.open(at(await newestPath(registered)))).text).toContain('value="enable"');
  });

  it('is an administrator who tests the application: they are offered the address, and other administrators are not', async () => {
    const registered = await provider.addClient({ name: 'Set up now' });
    await askAt(admin, registered, { redirect_uri: 'https://app.test:8443/other?x=1' });
    const path = await newestPath(registered);
    const page = await admin.open(at(path));
    expect(page.text).toContain('https://<strong>app.test:8443</strong>/other?x&#x3D;1');
    expect(page.text).toContain('Register the address');
    expect(await overview()).toContain('Requests from Set up now fail');
    expect((await otherAdmin.open(at('/admin'))).text).not.toContain('Requests from Set up now fail');
    expect((await otherAdmin.open(at(path))).text).not.toContain('value="fix"');
    await admin.open(at(path));
    expect((await admin.submit({ action: 'fix' }, { action: path })).text).toContain('would pass this rule now');
  });

  it('is a page that an administrator visits, which loads an image or a frame from here: not counted as theirs', async () => {
    for (const headers of [
      { 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': 'image' },
      { 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'iframe' },
    ]) {
      const registered = await provider.addClient({ name: `Loaded as ${headers['Sec-Fetch-Dest']}` });
      const { parameters } = authorizationRequest(registered.client);
      const url = authorizeUrl(provider, { ...parameters, redirect_uri: 'https://evil.test/' });
      await admin.send(url, { headers });
      expect((await admin.open(at(await newestPath(registered)))).text).not.toContain('value="fix"');
      expect(await overview()).not.toContain(`Requests from Loaded as ${headers['Sec-Fetch-Dest']} fail`);
    }
  });

  it('is an administrator, whose browser any page can send here: no protection is turned off because of it', async () => {
    const noPkce = await provider.addClient({ pkceRequired: true });
    await askAt(admin, noPkce, withoutPkce);
    const notPushed = await provider.addClient({ requirePushedAuthorizationRequests: true });
    await askAt(admin, notPushed, {});
    for (const registered of [noPkce, notPushed]) {
      const page = await admin.open(at(await newestPath(registered)));
      expect(page.text).toContain('This protects the application’s sign-ins');
      expect(page.text).not.toContain('value="fix"');
    }
  });

  it.each([
    'com.example.app:/callback',
    'http://app.test/callback',
    'https://app.test@evil.test/',
    'https:/evil.test/',
    `https://app.test/${'a'.repeat(600)}`,
  ])('is an administrator, who is not offered to register %s', async (uri) => {
    const registered = await provider.addClient();
    await askAt(admin, registered, { redirect_uri: uri });
    const page = await admin.open(at(await newestPath(registered)));
    expect([page.text.includes('redirect_uri.unregistered'), page.text.includes('value="fix"')]).toEqual([true, false]);
  });

  it('is the application that authenticated: every administrator is offered the change', async () => {
    const registered = await provider.addClient({ name: 'Worker', ...acting });
    const { client, secret } = registered;
    const headers = { Authorization: basic(client, secret) };
    await post(at('/oauth/token'), { grant_type: 'client_credentials', scope: 'a b' }, headers);
    const path = await newestPath(registered);
    for (const browser of [admin, otherAdmin]) expect((await browser.open(at(path))).text).toContain('value="fix"');
    expect(await overview()).toContain('Requests from Worker fail');

    const pushing = await provider.addClient({ pkceRequired: true });
    const { response_type = '', redirect_uri = '' } = authorizationRequest(pushing.client).parameters;
    const body = { response_type, redirect_uri, scope: 'openid' };
    await post(at('/oauth/par'), body, { Authorization: basic(pushing.client, pushing.secret) });
    expect((await admin.open(at(await newestPath(pushing)))).text).toContain('Stop requiring PKCE');
  });
});
