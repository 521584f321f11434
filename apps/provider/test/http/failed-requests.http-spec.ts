import type { Client, ClientDraft } from '@gatehouse/domain/oauth';
import { statement } from '@gatehouse/platform/database/store';
import { FailedRequests } from '../../src/audit/failed-requests.service';
import { PurgeService } from '../../src/jobs/purge.service';
import { ClientsService } from '../../src/clients/clients.service';
import { Browser, send } from '../support/browser';
import { authorizationRequest, authorizeUrl, basic, post, startProvider, type TestProvider } from '../support/provider';
import { RotateClientSecret } from '../../src/clients/operations/rotate-client-secret';
import { SetClientState } from '../../src/clients/operations/set-client-state';

const unapprove = statement('test.unapprove', 'UPDATE clients SET approved_at = NULL WHERE id = $1');

describe('why was this rejected?', () => {
  let provider: TestProvider;
  let admin: Browser;

  beforeAll(async () => {
    provider = await startProvider();
    admin = await provider.logIn(await provider.addUser({ username: 'keeper', roles: ['admin'] }));
  });
  afterAll(() => provider.close());

  const at = (path: string): string => `${provider.base}${path}`;
  const written = (): Promise<void> => provider.app.get(FailedRequests).flush();

  /** The id that the error page shows. */
  function shownId(text: string): string {
    const id = /id="request-id">([^<]+)</.exec(text)?.[1];
    if (id === undefined) throw new Error(`no id in ${text.slice(0, 300)}`);
    return id;
  }

  /** The path of the newest rejected request of a client. */
  async function newestPath(client: Client): Promise<string> {
    await written();
    const { failedRequests } = await provider.app.get(FailedRequests).list({ clientId: client.id, limit: 1 });
    return `/failed-request/${failedRequests[0]?.selector.toString(36)}`;
  }

  /** The page of the rejected request that the error page gave this id. */
  async function openRefused(id: string): Promise<string> {
    await admin.open(at(`/failed-request?id=${id}`));
    return new URL(admin.address).pathname;
  }

  it('names a thousand sources in an hour, and counts all others as one', async () => {
    const own = await startProvider();
    try {
      const refusals = own.app.get(FailedRequests);
      const flood = async (from: number, many: number): Promise<void> => {
        await own.store.run((unit) =>
          refusals.addCounts(
            unit,
            Array.from({ length: many }, (_, at) => [`source-${from + at}`, 2]),
            7,
          ),
        );
      };
      await flood(0, 900);
      await flood(800, 600);
      const counts = await refusals.counts(7, 5000);
      expect(counts).toHaveLength(1001);
      expect(counts[0]).toEqual({ source: expect.not.stringMatching(/^source-/) as string, count: 800 });
      expect(counts.filter(({ count }) => count === 4)).toHaveLength(100);
    } finally {
      await own.close();
    }
  });

  it('the id on the error page leads to what came, the rule, its clause and the change that fixes it', async () => {
    const { client } = await provider.addClient({ name: 'Photos' });
    const { parameters: asked } = authorizationRequest(client);
    const parameters = {
      ...asked,
      redirect_uri: 'https://photos.test/other',
      login_hint: 'somebody@example.org',
    };
    const refused = await admin.open(authorizeUrl(provider, parameters));
    const id = shownId(refused.text);
    await written();

    const found = await admin.open(at(`/failed-request?id=${id}`));
    const { pathname } = new URL(admin.address);
    expect(pathname).toMatch(/^\/failed-request\/[0-9a-z]{1,11}$/);
    expect(found.text).toContain('redirect_uri.unregistered');
    expect(found.text).toContain('RFC 9700 2.1');
    expect(found.text).toContain('Register https://photos.test/other');
    expect(found.text).toContain('https://<strong>photos.test</strong>/other');
    // What may be secret, or is someone's, is not kept.
    for (const secret of ['some-state', 'some-nonce', asked['code_challenge'] ?? '?', 'somebody@example.org'])
      expect(found.text).not.toContain(secret);

    const fixed = await admin.submit({ action: 'fix' }, { action: pathname });
    expect(fixed.text).toContain('The same request would pass this rule now');
    expect((await provider.app.get(ClientsService).findFresh(client.id))?.redirectUris).toContain(
      'https://photos.test/other',
    );
    expect(fixed.text).not.toContain('Register https');
    expect((await new Browser().open(authorizeUrl(provider, parameters))).text).toContain('name="password"');
  });

  it('a rejected token request is there, without its secrets, and a scope is allowed by one button', async () => {
    const registered = await provider.addClient({ grantTypes: ['client_credentials'], redirectUris: [], scope: ['a'] });
    const asked = { grant_type: 'client_credentials', scope: 'a b', password: 'do not keep this' };
    const headers = { Authorization: basic(registered.client, registered.secret) };
    expect((await post(at('/oauth/token'), asked, headers)).json()).toMatchObject({ error: 'invalid_scope' });
    await written();
    const list = await admin.open(at(`/failed-request?client=${registered.client.id}`));
    const path = /href="(\/failed-request\/[^"]+)"/.exec(list.text)?.[1] ?? '';
    const page = await admin.open(at(path));
    expect(page.text).toContain('client_credentials.scope');
    expect(page.text).toContain('(16 characters)');
    expect(page.text).not.toContain('do not keep this');
    expect(page.text).not.toContain(registered.secret);
    await admin.submit({ action: 'fix' }, { action: path });
    expect((await post(at('/oauth/token'), asked, headers)).status).toBe(200);
  });

  it('each line opens its own request, also where a trace has several (W3C Trace Context)', async () => {
    const [one, two] = [await provider.addClient({ name: 'One' }), await provider.addClient({ name: 'Two' })];
    const trace = '0af7651916cd43dd8448eb211c80319c';
    // Whoever sends a request chooses its trace id.
    const ask = (headers: Record<string, string>): Promise<unknown> =>
      post(
        at('/oauth/token'),
        { grant_type: 'client_credentials' },
        { traceparent: `00-${trace}-b7ad6b7169203331-01`, ...headers },
      );
    await ask({ Authorization: basic(one.client, 'wrong') });
    await ask({ Authorization: basic(two.client, two.secret) });
    await written();
    for (const { client } of [one, two]) {
      const list = await admin.open(at(`/failed-request?client=${client.id}`));
      const path = /href="(\/failed-request\/[^"]+)"/.exec(list.text)?.[1] ?? '';
      expect((await admin.open(at(path))).text).toContain(`Token request from ${client.name} ·`);
    }
    const both = await admin.open(at(`/failed-request?id=${trace}`));
    expect(both.text.match(/href="\/failed-request\/[^"]+"/g)).toHaveLength(2);
    expect((await admin.open(at(`/failed-request/${trace}`))).status).toBe(404);
  });

  it.each([
    ['an unknown client', { grant_type: 'client_credentials' }, 'client_auth.unknown'],
    [
      'a grant type that it may not use',
      { grant_type: 'refresh_token', refresh_token: 'x' },
      'grant_type.unregistered',
    ],
  ])('of %s the rule is named', async (_name, body, reason) => {
    const registered = await provider.addClient({ grantTypes: ['client_credentials'], redirectUris: [] });
    const client = reason === 'client_auth.unknown' ? { ...registered.client, id: 'nobody' } : registered.client;
    await post(at('/oauth/token'), body, { Authorization: basic(client, registered.secret) });
    await written();
    const { failedRequests: refusals } = await provider.app.get(FailedRequests).list({ clientId: client.id, limit: 1 });
    expect(refusals[0]).toMatchObject({ reason, endpoint: 'token', clientId: client.id });
  });

  it('a missing PKCE challenge names what requires it', async () => {
    const { client } = await provider.addClient({ name: 'Without PKCE' });
    const { parameters } = authorizationRequest(client);
    const withoutPkce = Object.entries(parameters).filter(([name]) => !name.startsWith('code_challenge'));
    await new Browser().open(authorizeUrl(provider, Object.fromEntries(withoutPkce)));
    const page = (await admin.open(at(await newestPath(client)))).text;
    expect(page).toContain('PKCE missing');
    expect(page).toContain('PKCE is required for every application by the setting GATEHOUSE_PKCE.');
    expect(page).toContain('Turn on PKCE with S256');
    // No change of the client would let it pass.
    expect(page).not.toContain('value="fix"');
  });

  it('a client that sends its secret another way may be registered for that', async () => {
    const { client, secret } = await provider.addClient({
      grantTypes: ['client_credentials'],
      redirectUris: [],
      scope: ['a'],
    });
    const asked = { grant_type: 'client_credentials', client_id: client.id, client_secret: secret };
    expect((await post(at('/oauth/token'), asked)).status).toBe(401);
    const path = await newestPath(client);
    const page = await admin.open(at(path));
    expect(page.text).toContain('client_auth.method');
    expect(page.text).toContain('to client_secret_basic.');
    expect(page.text).toContain('Accept client_secret_post');
    await admin.submit({ action: 'fix' }, { action: path });
    expect((await post(at('/oauth/token'), asked)).status).toBe(200);
  });

  it('a disabled client can be enabled from there', async () => {
    const { client } = await provider.addClient({ name: 'Off' });
    await provider.execute(SetClientState, { id: client.id, decision: 'disable' });
    const id = shownId((await admin.open(authorizeUrl(provider, authorizationRequest(client).parameters))).text);
    await written();
    const done = await admin.submit({ action: 'enable' }, { action: await openRefused(id) });
    expect(done.status).toBe(200);
    expect((await provider.app.get(ClientsService).findFresh(client.id))?.disabledAt).toBeUndefined();
  });

  it('an old page does not do what it did not say', async () => {
    const { client } = await provider.addClient({ name: 'Changed' });
    const parameters = { ...authorizationRequest(client).parameters, redirect_uri: 'https://changed.test/' };
    const id = shownId((await admin.open(authorizeUrl(provider, parameters))).text);
    await written();
    const action = await openRefused(id);
    const answer = await admin.submit({ action: 'fix', fix: 'Register https://evil.test/' }, { action });
    expect([answer.status, answer.text.includes('has changed meanwhile')]).toEqual([409, true]);
  });

  it('offers no button that grants administration scopes', async () => {
    const { client } = await provider.addClient({ name: 'Borrowed name' });
    for (const scope of ['openid gatehouse:admin', 'openid roles']) {
      await admin.open(authorizeUrl(provider, { ...authorizationRequest(client).parameters, scope }));
      await written();
      const { failedRequests: refusals } = await provider.app
        .get(FailedRequests)
        .list({ clientId: client.id, limit: 1 });
      expect(refusals[0]?.reason).toBe('scope.unregistered');
      const page = await admin.open(at(`/failed-request/${refusals[0]?.selector.toString(36)}`));
      expect([page.status, page.text.includes('value="fix"')]).toEqual([200, false]);
    }
  });

  it.each(['/failed-request?id=', '/refusal/'])('an unknown id at %s lists no other requests', async (path) => {
    await send(at('/oauth/authorize?client_id=somebody-else'));
    await written();
    expect((await admin.open(at('/failed-request'))).text).toContain('somebody-else');
    const page = await admin.open(at(`${path}0000000000000000000000000000beef`));
    expect(page.text).toContain('No failed request has this ID');
    expect(page.text).toContain('No failed requests match these filters');
    expect(page.text).not.toContain('somebody-else');
  });

  it('is for administrators', async () => {
    const user = await provider.logIn(await provider.addUser());
    expect((await user.open(at('/failed-request'))).status).toBe(403);
  });

  it('past a rate a source is only counted, and all goes after a week', async () => {
    const before = (await provider.app.get(FailedRequests).list({ limit: 1000 })).failedRequests.length;
    // Another address, which this minute has all its room.
    for (let sent = 0; sent < 30; sent++)
      await send(at('/oauth/authorize?client_id=flood'), { localAddress: '127.0.0.9' });
    await written();
    const kept = (await provider.app.get(FailedRequests).list({ clientId: 'flood', limit: 1000 })).failedRequests;
    expect(kept).toHaveLength(20);
    expect(await provider.app.get(FailedRequests).counts(0, 10)).toEqual([{ source: '127.0.0.9', count: 10 }]);
    expect((await admin.open(at('/failed-request'))).text).toContain('127.0.0.9');
    provider.clock.advance(7 * 24 * 3600 + 3600);
    await provider.app.get(PurgeService).purge();
    expect((await provider.app.get(FailedRequests).list({ limit: 1000 })).failedRequests).toEqual([]);
    expect(await provider.app.get(FailedRequests).counts(0, 10)).toEqual([]);
    expect(before).toBeGreaterThan(0);
  });

  describe('when anonymous requests reach the total limit', () => {
    beforeEach(async () => {
      // A minute of its own.
      provider.clock.advance(120);
      for (const network of [1, 2, 3])
        for (let sent = 0; sent < 40; sent++)
          await send(at('/oauth/authorize?client_id=strangers'), {
            localAddress: `127.0.${network}.${1 + Math.floor(sent / 20)}`,
          });
    });

    const acting: Partial<ClientDraft> = { grantTypes: ['client_credentials'], redirectUris: [], scope: ['a'] };
    async function keptOf(client: Client, secret: string | undefined, times: number): Promise<number> {
      const body = { grant_type: 'client_credentials', scope: 'b', client_id: client.id };
      const headers = secret === undefined ? undefined : { Authorization: basic(client, secret) };
      for (let sent = 0; sent < times; sent++)
        expect((await post(at('/oauth/token'), body, headers)).json()).toHaveProperty('error');
      await written();
      return (await provider.app.get(FailedRequests).list({ clientId: client.id, limit: 100 })).failedRequests.length;
    }

    it('an approved client that authenticates has room of its own, bounded per client', async () => {
      const [one, two] = [await provider.addClient(acting), await provider.addClient(acting)];
      expect(await keptOf(one.client, one.secret, 25)).toBe(20);
      expect(await keptOf(two.client, two.secret, 1)).toBe(1);
    });

    it('an approved client that authenticates leaves the room of its address to others', async () => {
      const { client, secret } = await provider.addClient(acting);
      provider.clock.advance(120);
      expect(await keptOf(client, secret, 25)).toBe(20);
      expect(await keptOf((await provider.addClient(acting)).client, 'wrong', 20)).toBe(20);
    });

    it('a public or unapproved client has no separate limit', async () => {
      const { client } = await provider.addClient(acting);
      expect(await keptOf(client, 'wrong', 1)).toBe(0);
      const open = await provider.addClient({ type: 'public', authMethod: 'none' });
      expect(await keptOf(open.client, undefined, 1)).toBe(0);
      await provider.store.run((unit) => unit.change(unapprove, client.id));
      // Reads the client anew.
      const fresh = await provider.execute(RotateClientSecret, { id: client.id, overlapSeconds: 0 });
      expect(await keptOf(client, fresh, 1)).toBe(0);
    });
  });
});
