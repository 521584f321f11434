import { createServer, type Server } from 'node:https';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tokenExchangeGrant } from '@gatehouse/domain/oauth';
import * as openid from 'openid-client';
import { AddressList } from '@gatehouse/platform/outbound/address-list';
import { Outbound } from '@gatehouse/platform/outbound/guarded-fetch';
import { ClientStates } from '../../src/clients/client-states.service';
import { ClientsService } from '../../src/clients/clients.service';
import { SectorIdentifiers } from '../../src/clients/sector-identifiers.service';
import { PurgeService } from '../../src/jobs/purge.service';
import { send } from '../support/browser';
import { eventually } from '../support/eventually';
import {
  answerOf,
  authorizationRequest,
  authorize,
  authorizeUrl,
  basic,
  post,
  redeem,
  startProvider,
  type TestProvider,
} from '../support/provider';
import { configuration, metadataOf, register, registered, type RegisteredClient } from '../support/registration';
import { changeClient } from '../support/client-changes';
import { SetClientState } from '../../src/clients/operations/set-client-state';
import { UpdateClient } from '../../src/clients/operations/update-client';

describe('the client configuration endpoint (RFC 7592)', () => {
  let provider: TestProvider;
  beforeAll(async () => {
    provider = await startProvider({ env: { GATEHOUSE_REGISTRATION: 'open', GATEHOUSE_THROTTLE: 'off' } });
    // Libraries check instants against the clock on the wall.
    provider.clock.advance(Math.floor(Date.now() / 1000) - provider.clock.now());
  });
  afterAll(() => provider.close());
  const clients = () => provider.app.get(ClientsService);

  it('reads what is registered, without the secret, which is kept as a hash (2.1)', async () => {
    const made = await registered(provider, { client_name: 'Reader' });
    const answer = await configuration(made, 'GET');
    expect([answer.status, answer.headers['cache-control']]).toEqual([200, 'no-store']);
    const { client_secret: _secret, client_secret_expires_at: _expiry, ...rest } = made;
    expect(answer.json()).toEqual(rest);
  });

  it('an update does not remove a second factor that an administrator requires', async () => {
    const made = await registered(provider);
    await changeClient(provider, made.client_id, { secondFactorRequired: true });
    expect((await configuration(made, 'PUT', { metadata: metadataOf(made) })).status).toBe(200);
    expect(await clients().findFresh(made.client_id)).toMatchObject({ secondFactorRequired: true });
  });

  it('does not widen the scopes of a client that an administrator lets act for itself', async () => {
    const made = await registered(provider, { scope: 'openid profile' });
    await changeClient(provider, made.client_id, { serviceAccount: true });
    const wider = await configuration(made, 'PUT', {
      metadata: { ...metadataOf(made), scope: 'openid profile email' },
    });
    expect([wider.status, wider.json()['error']]).toEqual([400, 'invalid_client_metadata']);
    expect((await configuration(made, 'PUT', { metadata: metadataOf(made) })).status).toBe(200);
    expect(await clients().findFresh(made.client_id)).toMatchObject({
      serviceAccount: true,
      scope: ['openid', 'profile'],
    });
  });

  describe('an update that makes it another client for people', () => {
    const redirectUri = 'https://client.test/cb';
    const setUp = async () => {
      const made = await registered(provider, { client_name: 'Reader', scope: 'openid offline_access' });
      const client = await clients().findFresh(made.client_id);
      if (!client) throw new Error('the client is there');
      const browser = await provider.logIn(await provider.addUser());
      const { code, verifier } = await authorize(provider, browser, client, { redirect_uri: redirectUri });
      const redeemed = await redeem(provider, { client, secret: made.client_secret ?? '' }, code, verifier);
      const token = redeemed.json<{ access_token: string }>().access_token;
      const silently = async (): Promise<string> => {
        const { parameters } = authorizationRequest(client, { redirect_uri: redirectUri, prompt: 'none' });
        const answer = answerOf(await browser.open(authorizeUrl(provider, parameters)));
        return answer.get('error') ?? (answer.has('code') ? 'code' : 'nothing');
      };
      const use = async (): Promise<number> =>
        (await send(`${provider.base}/oauth/userinfo`, { headers: { Authorization: `Bearer ${token}` } })).status;
      const update = async (change: object): Promise<void> => {
        const answer = await configuration(made, 'PUT', { metadata: { ...metadataOf(made), ...change } });
        expect(answer.status).toBe(200);
      };
      return { made, client, browser, silently, use, update };
    };

    it.each([
      ['its name', { client_name: 'Your bank' }],
      ['a redirect host', { redirect_uris: [redirectUri, 'https://elsewhere.test/cb'] }],
      ['its logo', { logo_uri: 'https://client.test/logo.png' }],
      ['its website', { client_uri: 'https://client.test/' }],
    ])('ends what people allowed it, and its tokens: %s', async (_name, change) => {
      const { silently, use, update } = await setUp();
      expect([await silently(), await use()]).toEqual(['code', 200]);
      await update(change);
      expect([await silently(), await use()]).toEqual(['consent_required', 401]);
    });

    it('is none where it changes anything else', async () => {
      const { silently, use, update } = await setUp();
      await update({ contacts: ['ada@client.test'], redirect_uris: [redirectUri, 'https://client.test/other'] });
      expect([await silently(), await use()]).toEqual(['code', 200]);
    });

    it('ends it too where an administrator had approved the client before, whose approval goes with it', async () => {
      const { made, silently, use, update } = await setUp();
      await provider.execute(SetClientState, { id: made.client_id, decision: 'approve' });
      await update({ client_name: 'Your bank' });
      expect([await silently(), await use()]).toEqual(['consent_required', 401]);
    });

    it('ends nothing where an administrator makes the change to a client that stays approved', async () => {
      const { made, silently, use } = await setUp();
      await provider.execute(SetClientState, { id: made.client_id, decision: 'approve' });
      await provider.execute(UpdateClient, { id: made.client_id, properties: { name: 'Reader 2' } });
      expect([await silently(), await use()]).toEqual(['code', 200]);
    });

    it('is not allowed anything by a page that showed the client as it was', async () => {
      const { client, browser, update } = await setUp();
      const { parameters } = authorizationRequest(client, { redirect_uri: redirectUri, prompt: 'consent' });
      await browser.open(authorizeUrl(provider, parameters));
      await update({ client_name: 'Your bank' });
      const again = await browser.submit({ confirm: 'yes' });
      expect(again.status).toBe(409);
      expect(again.text).toContain('Your bank');
      expect(again.text).toContain('has changed since the page was shown');
      expect(answerOf(await browser.submit({ confirm: 'yes' })).has('code')).toBe(true);
    });
  });

  it.each(['GET', 'PUT', 'DELETE'] as const)(
    'answers 401 to %s without the right token (2, RFC 6750 3)',
    async (method) => {
      const made = await registered(provider);
      const other = await registered(provider);
      const metadata = method === 'PUT' ? metadataOf(made) : undefined;
      for (const token of [other.registration_access_token, made.client_secret ?? '', 'x', '']) {
        const answer = await configuration(made, method, { token, ...(metadata ? { metadata } : {}) });
        expect([answer.status, answer.json()['error']]).toEqual([401, 'invalid_token']);
        expect(answer.headers['www-authenticate']).toMatch(/^Bearer .*error="invalid_token"/);
      }
      const without = await send(made.registration_client_uri, {
        method,
        ...(metadata ? { body: JSON.stringify(metadata), headers: { 'Content-Type': 'application/json' } } : {}),
      });
      expect([without.status, without.headers['www-authenticate']]).toEqual([401, 'Bearer realm="gatehouse"']);
      expect((await configuration(made, 'GET')).status).toBe(200);
    },
  );

  it('returns 401 for a client that there is not, and for one that was not registered by protocol (2.1)', async () => {
    const made = await registered(provider);
    const { client } = await provider.addClient();
    for (const id of ['nobody', client.id, '%00', '..'])
      expect(
        (
          await send(`${provider.base}/oauth/register/${id}`, {
            headers: { Authorization: `Bearer ${made.registration_access_token}` },
          })
        ).status,
      ).toBe({ '..': 404, '%00': 404 }[id] ?? 401);
  });

  it('does not take rights that an administrator gave to another name or address', async () => {
    const clients = provider.app.get(ClientsService);
    for (const rights of [
      { serviceAccount: true },
      {
        tokenExchange: [{ resource: 'urn:rights', mode: 'impersonation' }],
        grantTypes: ['authorization_code', tokenExchangeGrant],
      },
    ] as const) {
      const made = await registered(provider, { client_name: 'Honest' });
      await changeClient(provider, made.client_id, { ...rights, approvedAt: provider.clock.now() });
      const turned = {
        ...metadataOf(made),
        client_name: 'Your Bank',
        redirect_uris: ['https://evil.test/cb'],
        ...('grantTypes' in rights ? { grant_types: rights.grantTypes } : {}),
      };
      const answer = await configuration(made, 'PUT', { metadata: turned });
      expect([answer.status, answer.text]).toEqual([400, expect.stringContaining('only one may change them')]);
      const kept = await clients.findFresh(made.client_id);
      expect(kept).toMatchObject({ name: 'Honest', ...('serviceAccount' in rights ? rights : {}) });
    }
  });

  it('replaces all metadata and the token: the old one opens nothing more (2.2)', async () => {
    const made = await registered(provider, { client_name: 'Before', client_uri: 'https://client.test/' });
    const answer = await configuration(made, 'PUT', {
      metadata: { client_id: made.client_id, client_name: 'After', redirect_uris: ['https://client.test/new'] },
    });
    expect(answer.status).toBe(200);
    const changed = answer.json<RegisteredClient>();
    expect(changed).toMatchObject({ client_name: 'After', redirect_uris: ['https://client.test/new'] });
    expect(changed).not.toHaveProperty('client_uri');
    expect(changed.registration_access_token).not.toBe(made.registration_access_token);
    expect((await configuration(made, 'GET')).status).toBe(401);
    expect((await configuration(changed, 'GET')).json()['client_name']).toBe('After');
    // The secret stays the same, and is not asked for.
    expect(await clients().verifySecret(made.client_id, made.client_secret ?? '', provider.clock.now())).toBe(true);
  });

  it('takes the current secret and no other (2.2)', async () => {
    const made = await registered(provider);
    const wrong = await configuration(made, 'PUT', { metadata: { ...metadataOf(made), client_secret: 'chosen' } });
    expect([wrong.status, wrong.json()['error']]).toEqual([400, 'invalid_client_metadata']);
    const right = await configuration(made, 'PUT', {
      metadata: { ...metadataOf(made), client_secret: made.client_secret },
    });
    expect(right.json()).toMatchObject({ client_secret: made.client_secret, client_secret_expires_at: 0 });
  });

  it.each([
    ['client_id', undefined],
    ['client_id', 'another'],
    ['registration_access_token', 'x'],
    ['registration_client_uri', 'https://x.test/'],
    ['client_id_issued_at', 1],
    ['client_secret_expires_at', 0],
  ])('refuses an update with %s: %j (2.2)', async (name, value) => {
    const made = await registered(provider);
    const answer = await configuration(made, 'PUT', { metadata: { ...metadataOf(made), [name]: value } });
    expect([answer.status, answer.json()['error']]).toEqual([400, 'invalid_client_metadata']);
    expect(answer.json()['error_description']).toMatch(new RegExp(`^${name}: `));
    expect((await configuration(made, 'GET')).status).toBe(200);
  });

  it('checks an update as it checks a registration, and changes nothing when it rejects', async () => {
    const made = await registered(provider);
    for (const [metadata, error] of [
      [{ redirect_uris: ['http://client.test/'] }, 'invalid_redirect_uri'],
      [{ scope: 'roles' }, 'invalid_client_metadata'],
      [{ grant_types: ['implicit'] }, 'invalid_client_metadata'],
      [{ sector_identifier_uri: 'https://127.0.0.1/' }, 'invalid_client_metadata'],
    ] as const) {
      const answer = await configuration(made, 'PUT', { metadata: { ...metadataOf(made), ...metadata } });
      expect([answer.status, answer.json()['error']]).toEqual([400, error]);
    }
    expect((await configuration(made, 'GET')).json()['redirect_uris']).toEqual(['https://client.test/cb']);
  });

  it('gives a public client that becomes a confidential one its first secret, and takes it away again', async () => {
    const made = await registered(provider, { token_endpoint_auth_method: 'none' });
    const answer = await configuration(made, 'PUT', {
      metadata: { ...metadataOf(made), token_endpoint_auth_method: 'client_secret_post' },
    });
    const changed = answer.json<RegisteredClient>();
    expect(changed.client_secret).toMatch(/^[\w-]{43}$/);
    await configuration(changed, 'PUT', { metadata: { ...metadataOf(changed), token_endpoint_auth_method: 'none' } });
    expect(await clients().verifySecret(made.client_id, changed.client_secret ?? '', provider.clock.now())).toBe(false);
  });

  it('lets exactly one of two updates at once through', async () => {
    const made = await registered(provider);
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        configuration(made, 'PUT', { metadata: { ...metadataOf(made), client_name: `Racer ${n}` } }),
      ),
    );
    const won = answers.filter(({ status }) => status === 200);
    expect(won).toHaveLength(1);
    expect((await configuration(won[0]?.json<RegisteredClient>() ?? made, 'GET')).status).toBe(200);
  });

  it('removes the client with its grants and tokens (2.3)', async () => {
    const made = await registered(provider);
    const client = await clients().find(made.client_id);
    if (!client) throw new Error('not there');
    const browser = await provider.logIn(await provider.addUser());
    const { code, verifier } = await authorize(provider, browser, client);
    const proof = { Authorization: basic(client, made.client_secret ?? '') };
    const redeem = {
      grant_type: 'authorization_code',
      code,
      code_verifier: verifier,
      redirect_uri: 'https://client.test/cb',
    };
    const { access_token: token } = (await post(`${provider.base}/oauth/token`, redeem, proof)).json<{
      access_token: string;
    }>();
    const gone = await configuration(made, 'DELETE');
    expect([gone.status, gone.text, gone.headers['cache-control']]).toEqual([204, '', 'no-store']);
    expect((await configuration(made, 'GET')).status).toBe(401);
    expect((await configuration(made, 'DELETE')).status).toBe(401);
    const me = await send(`${provider.base}/api/me`, { headers: { Authorization: `Bearer ${token}` } });
    expect(me.status).toBe(401);
  });

  it('rejects requests for a disabled client (2.1: 403)', async () => {
    const made = await registered(provider);
    await provider.execute(SetClientState, { id: made.client_id, decision: 'disable' });
    for (const method of ['GET', 'DELETE'] as const) {
      const answer = await configuration(made, method);
      expect([answer.status, answer.json()['error']]).toEqual([403, 'access_denied']);
    }
    await provider.execute(SetClientState, { id: made.client_id, decision: 'enable' });
    expect((await configuration(made, 'GET')).status).toBe(200);
  });

  it('keeps an approval while people read the same and go to the same places, and no longer', async () => {
    const made = await registered(provider, { client_name: 'Checked' });
    await provider.execute(SetClientState, { id: made.client_id, decision: 'approve' });
    const same = (
      await configuration(made, 'PUT', { metadata: { ...metadataOf(made), contacts: ['ops@client.test'] } })
    ).json<RegisteredClient>();
    expect((await clients().findFresh(made.client_id))?.approvedAt).toBeDefined();
    await configuration(same, 'PUT', {
      metadata: { ...metadataOf(same), redirect_uris: ['https://client.test/cb', 'https://evil.test/cb'] },
    });
    expect((await clients().findFresh(made.client_id))?.approvedAt).toBeUndefined();
  });

  it.each([
    ['post_logout_redirect_uris', ['https://evil.test/bye']],
    ['initiate_login_uri', 'https://evil.test/begin'],
  ])('forgets an approval where people would be sent elsewhere by %s', async (member, value) => {
    const made = await registered(provider, { client_name: 'Checked' });
    await provider.execute(SetClientState, { id: made.client_id, decision: 'approve' });
    const answer = await configuration(made, 'PUT', { metadata: { ...metadataOf(made), [member]: value } });
    expect(answer.status).toBe(200);
    expect((await clients().findFresh(made.client_id))?.approvedAt).toBeUndefined();
  });

  it.each([
    ['dpop_bound_access_tokens', { dpopBoundAccessTokens: true }],
    ['require_pushed_authorization_requests', { requirePushedAuthorizationRequests: true }],
    ['require_signed_request_object', { requireSignedRequestObject: true }],
    ['refresh_token_rotation', { refreshTokenRotation: 'always' }],
  ] as const)('ends an approval by an update that leaves out %s', async (member, hardened) => {
    const made = await registered(provider, { client_name: 'Checked' });
    const [[, value] = []] = Object.entries(hardened);
    const harden = async (rights: object): Promise<void> => {
      await changeClient(provider, made.client_id, { ...hardened, ...rights, approvedAt: provider.clock.now() });
    };
    await harden({});
    const kept = (
      await configuration(made, 'PUT', { metadata: { ...metadataOf(made), [member]: value } })
    ).json<RegisteredClient>();
    expect((await clients().findFresh(made.client_id))?.approvedAt).toBeDefined();
    const { [member]: _left, ...without } = metadataOf(kept);
    const loosened = (await configuration(kept, 'PUT', { metadata: without })).json<RegisteredClient>();
    expect((await clients().findFresh(made.client_id))?.approvedAt).toBeUndefined();
    // With rights that an administrator gave, it is rejected: they were given to the restricted client.
    await harden({ consentRequired: false });
    const refused = await configuration(loosened, 'PUT', { metadata: without });
    expect([refused.status, refused.json()['error']]).toEqual([400, 'invalid_client_metadata']);
    expect(refused.json()['error_description']).toContain(member);
    expect(await clients().findFresh(made.client_id)).toMatchObject(hardened);
  });

  it('does not extend the scopes of a client without consent', async () => {
    const made = await registered(provider, { scope: 'openid' });
    await changeClient(provider, made.client_id, { consentRequired: false });
    const wider = await configuration(made, 'PUT', { metadata: { ...metadataOf(made), scope: 'openid email' } });
    expect([wider.status, wider.json()['error']]).toEqual([400, 'invalid_client_metadata']);
    expect((await configuration(made, 'PUT', { metadata: metadataOf(made) })).status).toBe(200);
    expect(await clients().findFresh(made.client_id)).toMatchObject({ consentRequired: false, scope: ['openid'] });
  });

  it('changes neither name nor addresses of a client that an administrator trusts without consent', async () => {
    const made = await registered(provider, { client_name: 'Trusted' });
    await changeClient(provider, made.client_id, {
      consentRequired: false,
      secondFactorRequired: true,
      scope: ['openid', 'roles'],
    });
    const answer = await configuration(made, 'PUT', {
      metadata: { ...metadataOf(made), scope: 'openid roles', redirect_uris: ['https://evil.test/cb'] },
    });
    expect([answer.status, answer.json()['error']]).toEqual([400, 'invalid_redirect_uri']);
    const kept = await configuration(made, 'PUT', { metadata: { ...metadataOf(made), scope: 'openid roles' } });
    expect(kept.status).toBe(200);
    expect(await clients().findFresh(made.client_id)).toMatchObject({
      consentRequired: false,
      secondFactorRequired: true,
      scope: ['openid', 'roles'],
    });
  });

  it('can be read by the pages of the client alone', async () => {
    const made = await registered(provider);
    const ask = (Origin: string) => configuration(made, 'GET', { headers: { Origin } });
    expect((await ask('https://client.test')).headers['access-control-allow-origin']).toBe('https://client.test');
    expect((await ask('https://other.test')).headers['access-control-allow-origin']).toBeUndefined();
    const preflight = await send(made.registration_client_uri, {
      method: 'OPTIONS',
      headers: { Origin: 'https://client.test', 'Access-Control-Request-Method': 'DELETE' },
    });
    expect(preflight.headers['access-control-allow-methods']).toBe('GET, PUT, DELETE');
  });

  it('works with openid-client: discovery, registration and a login', async () => {
    const config = await openid.dynamicClientRegistration(
      new URL(provider.issuer),
      { redirect_uris: ['https://client.test/cb'], client_name: 'By openid-client' },
      openid.ClientSecretBasic(),
      { execute: [openid.allowInsecureRequests] },
    );
    const { client_id: id } = config.clientMetadata();
    const client = await clients().find(id);
    expect(client).toMatchObject({ name: 'By openid-client', source: 'registration' });
    if (!client) throw new Error('not there');
    const browser = await provider.logIn(await provider.addUser({ username: 'by-library' }));
    const { code, verifier } = await authorize(provider, browser, client, { state: undefined, nonce: undefined });
    const callback = new URL(`https://client.test/cb?code=${code}&iss=${encodeURIComponent(provider.issuer)}`);
    const tokens = await openid.authorizationCodeGrant(config, callback, { pkceCodeVerifier: verifier });
    expect(tokens.claims()).toMatchObject({ aud: id });
  });
});

describe('an unapproved registered client', () => {
  let provider: TestProvider;
  beforeAll(async () => {
    provider = await startProvider({
      env: { GATEHOUSE_REGISTRATION: 'open', GATEHOUSE_REGISTRATION_UNUSED_LIFETIME: '86400' },
    });
  });
  afterAll(() => provider.close());

  it('goes when it is not used; one that is used or approved stays', async () => {
    const [unused, used, approved] = [
      await registered(provider),
      await registered(provider),
      await registered(provider),
    ];
    const states = provider.app.get(ClientStates);
    const clients = provider.app.get(ClientsService);
    const purge = provider.app.get(PurgeService);
    await provider.execute(SetClientState, { id: approved.client_id, decision: 'approve' });
    provider.clock.advance(80_000);
    await purge.purge();
    const client = await clients.find(used.client_id);
    if (!client) throw new Error('not there');
    const browser = await provider.logIn(await provider.addUser());
    await authorize(provider, browser, client);
    await clients.beforeApplicationShutdown();
    expect(await states.origin(used.client_id)).toMatchObject({ lastUsedAt: provider.clock.now() });
    expect(await states.origin(unused.client_id)).toMatchObject({
      lastUsedAt: undefined,
      registeredAddress: '127.0.0.1',
    });
    provider.clock.advance(10_000);
    expect(await purge.purge()).toBeGreaterThan(0);
    expect(await clients.findFresh(unused.client_id)).toBeUndefined();
    expect(await clients.findFresh(used.client_id)).toBeDefined();
    provider.clock.advance(90_000);
    await purge.purge();
    expect(await clients.findFresh(used.client_id)).toBeUndefined();
    expect(await clients.findFresh(approved.client_id)).toBeDefined();
    expect((await configuration(unused, 'GET')).status).toBe(401);
  });
});

describe('a sector identifier (OIDC Registration 5)', () => {
  let folder: string;
  let server: Server;
  let document = '';
  let fetched = 0;
  /** Ends the responses that wait; undefined where none waits. */
  let waiting: (() => void)[] | undefined;
  let provider: TestProvider;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-sector-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const words = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost`;
    execFileSync('openssl', [...words.split(' '), '-keyout', key, '-out', cert], { stdio: 'ignore' });
    const ca = readFileSync(cert, 'utf8');
    server = createServer({ key: readFileSync(key), cert: ca }, (_request, response) => {
      fetched++;
      response.setHeader('Content-Type', 'application/json');
      const answer = (): void => void response.end(document);
      if (waiting) waiting.push(answer);
      else answer();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    provider = await startProvider({ env: { GATEHOUSE_REGISTRATION: 'open', GATEHOUSE_REGISTRATION_RATE: '10/3600' } });
    // The guarded client itself, told to trust the certificate of this test.
    const allow = AddressList.parse(['127.0.0.0/8', '::1/128']) ?? AddressList.empty;
    const outbound = new Outbound({ allow, userAgent: 'test', ca });
    Object.assign(provider.app.get(SectorIdentifiers), { outbound });
  });
  afterAll(async () => {
    await provider.close();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const ask = (localAddress = '127.0.0.1') =>
    register(
      provider,
      {
        redirect_uris: ['https://a.test/cb', 'https://b.test/cb'],
        subject_type: 'pairwise',
        sector_identifier_uri: `https://localhost:${(server.address() as AddressInfo).port}/sector.json`,
      },
      { localAddress },
    );

  it('lists every redirect URI, or the registration is rejected', async () => {
    document = JSON.stringify(['https://a.test/cb', 'https://b.test/cb', 'https://c.test/cb']);
    const made = await ask();
    expect([made.status, made.json()['subject_type']]).toEqual([201, 'pairwise']);
    for (document of ['["https://a.test/cb"]', '{}', '[1]', '<html>', '["https://a.test/cb","https://b.test/cb/"]']) {
      const answer = await ask();
      expect([answer.status, answer.json()['error']]).toEqual([400, 'invalid_client_metadata']);
      expect(answer.json()['error_description']).toMatch(/^sector_identifier_uri: /);
    }
    document = JSON.stringify('x'.repeat(100_000));
    expect((await ask()).status).toBe(400);
  });

  it('is fetched four at a time for one address, and concurrently for others', async () => {
    provider.clock.advance(3600);
    document = JSON.stringify(['https://a.test/cb', 'https://b.test/cb']);
    const slow: (() => void)[] = (waiting = []);
    const asked = Promise.all(Array.from({ length: 6 }, () => ask('127.0.0.10')));
    try {
      expect(
        await eventually(
          () => Promise.resolve(slow.length),
          (now) => now >= 4,
        ),
      ).toBe(4);
      waiting = undefined;
      expect((await ask('127.0.0.11')).status).toBe(201);
    } finally {
      waiting = undefined;
      for (const end of slow) end();
    }
    const statuses = (await asked).map(({ status }) => status).sort();
    expect(statuses).toEqual([201, 201, 201, 201, 429, 429]);
  });

  it('is not fetched above the rate limit', async () => {
    document = '[]';
    for (let n = 0; n < 12; n++) await ask('127.0.0.9');
    const before = fetched;
    expect((await ask('127.0.0.9')).status).toBe(429);
    expect(fetched).toBe(before);
  });
});
