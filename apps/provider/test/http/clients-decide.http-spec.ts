import { ClientsService } from '../../src/clients/clients.service';
import type { Browser } from '../support/browser';
import { changed, fieldsOf, sendFields, values } from '../support/forms';
import { authorizationRequest, authorizeUrl, startProvider, type TestProvider } from '../support/provider';
import { obtainTokens, refresh } from '../support/tokens';
import { register, registered } from '../support/registration';

describe('what administrators decide about clients', () => {
  let provider: TestProvider;
  let admin: Browser;
  let developer: Browser;
  beforeAll(async () => {
    provider = await startProvider({ env: { GATEHOUSE_REGISTRATION: 'open', GATEHOUSE_THROTTLE: 'off' } });
    admin = await provider.logIn(await provider.addUser({ username: 'root', roles: ['admin'] }));
    developer = await provider.logIn(await provider.addUser({ username: 'dora', roles: ['developer'] }));
  });
  afterAll(() => provider.close());
  const at = (path: string): string => provider.issuer + path;
  const fresh = (id: string) => provider.app.get(ClientsService).findFresh(id);

  it('shows who registered a client, from where, and approves it', async () => {
    const made = await registered(provider, { client_name: 'Newcomer' });
    const page = await admin.open(at(`/client/update/${made.client_id}`));
    expect(page.text).toContain('No administrator has approved this application');
    expect(page.text).toContain('Dynamic registration');
    expect(page.text).toContain('<code>127.0.0.1</code>');
    const answer = await admin.submit({ action: 'approve' }, { action: `/client/state/${made.client_id}` });
    expect(answer.status).toBe(200);
    expect(answer.text).not.toContain('No administrator has approved this application');
    expect((await fresh(made.client_id))?.approvedAt).toBe(provider.clock.now());
    // The consent page says no more that nobody has checked it.
    const client = await fresh(made.client_id);
    if (!client) throw new Error('not there');
    const person = await provider.logIn(await provider.addUser());
    await new Promise((resolve) => setTimeout(resolve, 700));
    const consent = await person.open(authorizeUrl(provider, authorizationRequest(client).parameters));
    expect(consent.text).toContain('Newcomer');
    expect(consent.text).not.toContain('has checked this app.');
  });

  it('lists those of one state, and approves or disables many at once', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) ids.push((await registered(provider, { client_name: `Batch ${n}` })).client_id);
    const [first = '', second = '', third = ''] = ids;
    const list = await admin.open(at('/client?state=new&q=batch'));
    for (const n of [0, 1, 2]) expect(list.text).toContain(`Batch ${n}`);
    const tick = async (chosen: readonly string[], action: string): Promise<void> => {
      await admin.open(at('/client?state=new'));
      const fields = changed(fieldsOf(admin, '/client'), { id: chosen, action });
      expect((await sendFields(admin, fields, '/client')).status).toBe(303);
    };
    await tick([first], 'approve');
    await tick([second], 'disable');
    // Asks first.
    expect((await fresh(second))?.disabledAt).toBeUndefined();
    await admin.open(at(`/client/selected?id=${second}`));
    await admin.submit({ action: 'disable' }, { action: '/client' });
    expect((await admin.open(at('/client?state=approved&q=batch'))).text).toContain('Batch 0');
    const off = await admin.open(at('/client?state=disabled&q=batch'));
    expect(off.text).toContain('Batch 1');
    expect(off.text).not.toContain('Batch 2');
    expect((await fresh(third))?.approvedAt).toBeUndefined();
    await tick([second], 'enable');
    expect((await fresh(second))?.disabledAt).toBeUndefined();
  });

  it('asks before it disables the selected ones, with their names and number, and keeps search and order', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) ids.push((await registered(provider, { client_name: `Several ${n}` })).client_id);
    const [first = '', second = '', third = ''] = ids;
    const choose = async (chosen: readonly string[], action: string): Promise<string> => {
      await admin.open(at('/client?q=several&order=newest'));
      const answer = await sendFields(admin, changed(fieldsOf(admin, '/client'), { id: chosen, action }), '/client');
      expect(answer.status).toBe(303);
      return answer.location ?? '';
    };
    const page = await admin.open(await choose([first, second], 'disable'));
    expect(page.text).toContain('Disable 2 applications?');
    for (const name of ['Several 0', 'Several 1']) expect(page.text).toContain(`<bdi>${name}</bdi>`);
    expect(page.text).not.toContain('Several 2');
    expect(page.text).toContain('href="/client?q&#x3D;several&amp;order&#x3D;newest"');
    for (const id of ids) expect((await fresh(id))?.disabledAt).toBeUndefined();

    await admin.submit({ action: 'disable' }, { action: '/client' });
    expect(admin.address).toBe(at('/client?q=several&order=newest&done=changed'));
    expect((await fresh(first))?.disabledAt).toBeDefined();
    expect((await fresh(second))?.disabledAt).toBeDefined();
    expect((await fresh(third))?.disabledAt).toBeUndefined();
    expect(await choose([first], 'enable')).toBe(at('/client?q=several&order=newest&done=changed'));
    expect(await choose([], 'disable')).toBe(at('/client?q=several&order=newest&done=none'));
    await admin.open(at('/client/selected?id=nobody&q=several'));
    expect(admin.address).toBe(at('/client?q=several&done=none'));
  });

  it('rejects logins for a disabled client', async () => {
    const { client } = await provider.addClient({ name: 'Switched' });
    await admin.open(at(`/client/update/${client.id}/danger`));
    await admin.submit({ action: 'disable' }, { action: `/client/state/${client.id}` });
    expect((await fresh(client.id))?.disabledAt).toBe(provider.clock.now());
    const person = await provider.logIn(await provider.addUser());
    await new Promise((resolve) => setTimeout(resolve, 700));
    const answer = await person.send(authorizeUrl(provider, authorizationRequest(client).parameters));
    expect(answer.location).toBeUndefined();
    expect(answer.status).toBe(400);
  });

  it('shows all that counts of newcomers in one screen, and limits one to logging people in', async () => {
    const made = await registered(provider, {
      client_name: 'Curious newcomer',
      redirect_uris: ['https://curious.example/cb'],
      grant_types: ['authorization_code', 'refresh_token'],
      scope: 'openid email profile offline_access',
    });
    const client = await fresh(made.client_id);
    if (!client) throw new Error('not there');
    const known = { client, secret: made.client_secret ?? '' };
    const person = await provider.logIn(await provider.addUser());
    const scope = 'openid email offline_access';
    const { refresh_token: refreshToken = '' } = await obtainTokens(provider, person, known, { scope });
    expect(refreshToken).not.toBe('');
    const list = await admin.open(at('/client?state=new&q=curious'));
    const row = /Curious newcomer[\s\S]*?<\/tr>/.exec(list.text)?.[0] ?? '';
    expect(row).toContain('Dynamic registration');
    expect(row).toContain('127.0.0.1');
    expect(row).toContain('curious.example');
    expect(row).toContain('data-label="People">1<');

    const fields = changed(fieldsOf(admin, '/client'), { id: [made.client_id], action: 'restrict' });
    expect((await sendFields(admin, fields, '/client')).status).toBe(303);
    expect((await admin.open(at('/client?state=limited'))).text).toContain('Curious newcomer');
    // What it had is gone, and it gets no more than a login.
    expect((await refresh(provider, known, refreshToken)).json()).toMatchObject({
      error: 'unauthorized_client',
    });
    const more = await person.open(authorizeUrl(provider, authorizationRequest(client, { scope }).parameters));
    expect(new URL(more.location ?? '').searchParams.get('error')).toBe('invalid_scope');
    const tokens = await obtainTokens(provider, person, known, { scope: 'openid email' });
    expect(tokens.id_token).toBeDefined();
    // What it is registered for is as it was, and comes back with it.
    expect((await fresh(made.client_id))?.scope).toContain('offline_access');
    await admin.open(at(`/client/update/${made.client_id}/danger`));
    await admin.submit({ action: 'unrestrict' }, { action: `/client/state/${made.client_id}` });
    expect((await obtainTokens(provider, person, known, { scope })).refresh_token).toBeDefined();
    expect((await refresh(provider, known, refreshToken)).json()).toMatchObject({ error: 'invalid_grant' });
  });

  it('is an administrator’s alone to decide', async () => {
    const made = await registered(provider);
    for (const path of ['/client', `/client/state/${made.client_id}`]) {
      const answer = await developer.send(at(path), {
        method: 'POST',
        body: `action=approve&id=${made.client_id}`,
        headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: provider.issuer },
      });
      expect(answer.status).toBe(403);
    }
    expect((await fresh(made.client_id))?.approvedAt).toBeUndefined();
    expect((await developer.open(at('/client'))).text).not.toContain('name="action" value="approve"');
  });

  it('changes nothing by a form from elsewhere, or without its token', async () => {
    const made = await registered(provider);
    await admin.open(at(`/client/update/${made.client_id}`));
    for (const [fields, headers] of [
      [{ action: 'approve', csrf: 'x' }, {}],
      [{ action: 'approve' }, { Origin: 'https://evil.test' }],
    ] as const) {
      await admin.open(at(`/client/update/${made.client_id}`));
      const answer = await admin.submit(fields, { action: `/client/state/${made.client_id}`, headers });
      expect(answer.text).toContain('Nothing was changed');
    }
    expect((await fresh(made.client_id))?.approvedAt).toBeUndefined();
  });

  it('sets all metadata by the form, and shows them again', async () => {
    await admin.open(at('/client/add'));
    const metadata = {
      clientUri: 'https://shop.test/',
      policyUri: 'https://shop.test/policy',
      tosUri: 'https://shop.test/terms',
      logoUri: 'https://shop.test/logo.png',
      contacts: 'a@shop.test\r\nb@shop.test',
      initiateLoginUri: 'https://shop.test/login',
      jwksUri: 'https://shop.test/jwks',
      tokenEndpointAuthSigningAlg: 'ES256',
      subjectType: 'pairwise',
      idTokenEncryptedResponseAlg: 'RSA-OAEP',
      userinfoSignedResponseAlg: 'PS256',
      defaultMaxAge: '600',
      refreshTokenRotation: 'always',
      requireAuthTime: 'yes',
      requestUris: 'https://shop.test/r1\nhttps://shop.test/r2',
      backchannelLogoutUri: 'https://shop.test/back',
      frontchannelLogoutUri: 'https://shop.test/front',
      frontchannelLogoutSessionRequired: 'yes',
      softwareId: 'shop',
    };
    const answer = await sendFields(
      admin,
      changed(fieldsOf(admin), {
        name: 'Everything',
        redirectUri: 'https://shop.test/cb',
        authMethod: 'private_key_jwt',
        grantType: ['authorization_code', 'implicit'],
        responseType: ['code', 'code id_token'],
        ...metadata,
      }),
    );
    expect([answer.status, answer.text]).toEqual([303, '']);
    const id = /update\/([^?]+)/.exec(answer.location ?? '')?.[1] ?? '';
    expect(await fresh(id)).toMatchObject({
      ...metadata,
      contacts: ['a@shop.test', 'b@shop.test'],
      requestUris: ['https://shop.test/r1', 'https://shop.test/r2'],
      defaultMaxAge: 600,
      requireAuthTime: true,
      frontchannelLogoutSessionRequired: true,
      idTokenEncryptedResponseEnc: 'A128CBC-HS256',
      responseTypes: ['code', 'code id_token'],
      subjectType: 'pairwise',
    });
    const before = await fresh(id);
    const shown = new Map<string, string[]>();
    for (const tab of ['', '/scopes', '/tokens', '/advanced']) {
      await admin.open(at(`/client/update/${id}${tab}`));
      const fields = fieldsOf(admin, `/client/update/${id}`);
      for (const [name] of fields) shown.set(name, values(fields, name));
      // Saving what is shown changes nothing.
      expect((await sendFields(admin, fields, `/client/update/${id}`)).status).toBe(303);
      expect(await fresh(id)).toEqual(before);
    }
    expect(shown.get('clientUri')).toEqual(['https://shop.test/']);
    expect(shown.get('responseType')).toEqual(['code', 'code id_token']);
    for (const name of Object.keys(metadata)) expect([name, shown.has(name)]).toEqual([name, true]);
  });

  it('says what is wrong with the metadata beside the field, and links to a field on another page', async () => {
    const { client } = await provider.addClient();
    const path = `/client/update/${client.id}`;
    await admin.open(at(`${path}/advanced`));
    const answer = await sendFields(
      admin,
      changed(fieldsOf(admin, path), {
        name: '',
        jwks: '{',
        requestUris: 'https://wrong.test/r\nhttp://wrong.test/r',
        defaultMaxAge: 'soon',
      }),
      path,
    );
    expect(answer.status).toBe(422);
    expect(answer.text).toMatch(/id="f-jwks-problem">.*?<span>This isn’t a JSON object/);
    expect(answer.text).toMatch(/id="f-requestUris-problem">.*?<span>Line 2: Use an https address/);
    expect(answer.text).toMatch(/id="f-defaultMaxAge-problem">.*?<span>A whole number of seconds/);
    expect(answer.text).toContain(`<a href="${path}#f-name">`);
    expect(answer.text.match(/ autofocus/g)).toHaveLength(1);
    expect(values(fieldsOf(admin, path), 'defaultMaxAge')).toEqual(['soon']);
    await admin.open(at(`${path}/scopes`));
    const elsewhere = changed(fieldsOf(admin, path), { sectorIdentifierUri: 'https://127.0.0.1/sector' });
    expect((await sendFields(admin, elsewhere, path)).text).toMatch(
      /id="f-sectorIdentifierUri-problem">.*?<span>The document at this address could not be fetched/,
    );
  });

  it('links to what a client says of itself, and loads nothing of it', async () => {
    await register(provider, {
      redirect_uris: ['https://linked.test/cb'],
      client_name: 'Linked',
      logo_uri: 'https://tracker.test/logo.png',
      policy_uri: 'https://linked.test/policy?a=1&b=2',
    });
    const { clients } = await provider.app.get(ClientsService).list({ search: 'Linked', limit: 1 });
    const [client] = clients;
    if (!client) throw new Error('not there');
    const person = await provider.logIn(await provider.addUser());
    const page = await person.open(authorizeUrl(provider, authorizationRequest(client).parameters));
    expect(page.text).toContain('target="_blank" rel="noopener noreferrer">Privacy policy');
    expect(page.text).not.toContain('tracker.test');
  });
});
