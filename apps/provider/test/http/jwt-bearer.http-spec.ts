import { decodeJwt } from 'jose';
import { jwtBearerGrant } from '@gatehouse/domain/oauth';
import { randomUUID } from 'node:crypto';
import { TrustedIssuers } from '../../src/trusted-issuers/trusted-issuers.service';
import { adminApi, shaped } from '../support/admin-api';
import type { Answer, Browser } from '../support/browser';
import { clientKey, signed, type ClientKey } from '../support/client-jwts';
import { rowValues } from '../support/forms';
import { startKeyServer, type KeyServer } from '../support/key-server';
import { basic, post, startProvider, type TestProvider } from '../support/provider';
import { addResource } from '../support/resources';
import { introspect, type Registered } from '../support/tokens';
import { SetUserState } from '../../src/users/operations/set-user-state';
import { UpdateUser } from '../../src/users/operations/update-user';

const iss = 'https://idp.example.com';
const api = 'https://documents.example/';

describe('assertions of another issuer (RFC 7523 2.1)', () => {
  let provider: TestProvider;
  let server: KeyServer;
  let key: ClientKey;
  let portal: Registered;
  let documents: Registered;
  let admin: Browser;
  let person: Awaited<ReturnType<TestProvider['addUser']>>;

  beforeAll(async () => {
    server = await startKeyServer();
    provider = await startProvider({ env: { GATEHOUSE_OUTBOUND_ALLOW: '127.0.0.0/8' } });
    key = clientKey('ES256');
    server.keys = [key.publicJwk];
    documents = await addResource(provider, { identifier: api });
    portal = await provider.addClient({ grantTypes: [jwtBearerGrant], redirectUris: [], scope: ['read', 'write'] });
    person = await provider.addUser({ username: 'ada', email: 'ada@example.com' });
    admin = await provider.logIn(await provider.addUser({ roles: ['admin'] }));
    await trust({ jwksUri: server.url });
  });
  afterAll(async () => {
    await provider.close();
    await server.close();
  });

  async function trust(how: { jwksUri?: string; jwks?: Record<string, unknown> }, issuer = iss): Promise<void> {
    const made = await provider.store.run((unit) =>
      provider.app
        .get(TrustedIssuers)
        .create(
          unit,
          { issuer, name: issuer, subject: 'username', clients: [portal.client.id], scope: ['read', 'other'], ...how },
          provider.clock.now(),
        ),
    );
    if ('problems' in made) throw new Error(JSON.stringify(made.problems));
  }

  const claims = (): Record<string, unknown> => ({
    iss,
    sub: 'ada',
    aud: provider.issuer,
    exp: provider.clock.now() + 60,
    jti: randomUUID(),
  });

  async function ask(
    changes: Record<string, unknown> = {},
    more: {
      by?: ClientKey;
      as?: Registered;
      parameters?: Record<string, string>;
      header?: Record<string, unknown>;
    } = {},
  ): Promise<Answer> {
    const { by = key, as = portal, parameters = { resource: api }, header = {} } = more;
    const assertion = await signed(by, { ...claims(), ...changes }, header);
    return bring(assertion, as, parameters);
  }

  function bring(assertion: string, as = portal, parameters: Record<string, string> = {}): Promise<Answer> {
    return post(
      `${provider.base}/oauth/token`,
      { grant_type: jwtBearerGrant, assertion, ...parameters },
      { Authorization: basic(as.client, as.secret) },
    );
  }

  it('get a token for that person at the API, and no refresh token', async () => {
    const answer = await ask({ iat: provider.clock.now() - 5, auth_time: provider.clock.now() - 50 });
    expect(answer.status).toBe(200);
    const body = answer.json<{ access_token: string; scope: string }>();
    expect(body).toMatchObject({ scope: 'read', token_type: 'Bearer' });
    expect(body).not.toHaveProperty('refresh_token');
    expect(body).not.toHaveProperty('id_token');
    expect(decodeJwt(body.access_token)).toMatchObject({
      sub: person.id,
      aud: api,
      client_id: portal.client.id,
      auth_time: provider.clock.now() - 50,
    });
    expect((await introspect(provider, documents, body.access_token)).json()).toMatchObject({ active: true });
    const log = (await admin.open(`${provider.base}/audit?user=ada&type=grant.created`)).text;
    expect(log).toContain(iss);
  });

  it('without auth_time say nothing of when the person logged in, iat or not (RFC 9068 2.2.1)', async () => {
    const answer = await ask({ iat: provider.clock.now() - 5 });
    const { access_token: token } = answer.json<{ access_token: string }>();
    expect(decodeJwt(token)).not.toHaveProperty('auth_time');
    const introspection = (await introspect(provider, documents, token)).json();
    expect(introspection).toMatchObject({ active: true, sub: person.id });
    expect(introspection).not.toHaveProperty('auth_time');
    for (const authTime of [provider.clock.now() + 60, 'yesterday'])
      expect((await ask({ auth_time: authTime })).json()).toMatchObject({ error: 'invalid_grant' });
  });

  it('are for the API of their scopes: with another one that names a scope the same, for those that the issuer is allowed', async () => {
    const own = clientKey('ES256');
    const [notes, payroll] = ['https://notes.example/', 'https://payroll.example/'];
    await addResource(provider, { identifier: notes, scopes: [{ name: 'read:all', sentence: '' }] });
    const client = await provider.addClient({ grantTypes: [jwtBearerGrant], redirectUris: [], scope: ['read:all'] });
    const manage = await adminApi(provider);
    const made = await manage.call('POST', 'issuers', {
      issuer: 'urn:resources',
      name: 'Resources',
      jwks: { keys: [own.publicJwk] },
      subject: 'username',
      clients: [client.client.id],
      scope: 'read:all',
    });
    const id = String(shaped(made, 'Issuer')['id']);
    const at = async (resource: string): Promise<unknown> => {
      const answer = await ask({ iss: 'urn:resources' }, { by: own, as: client, parameters: { resource } });
      return answer.status === 200
        ? decodeJwt(answer.json<{ access_token: string }>().access_token).aud
        : answer.json()['error'];
    };
    expect(await at(notes)).toBe(notes);
    // Of an API that has no scope of the issuer’s.
    expect(await at(api)).toBe('invalid_target');
    // Somebody adds another API that uses the same name: nothing says which of the two the scope was given for.
    await addResource(provider, { identifier: payroll, scopes: [{ name: 'read:all', sentence: '' }] });
    expect([await at(notes), await at(payroll)]).toEqual(['invalid_target', 'invalid_target']);
    const patched = await manage.call('PATCH', `issuers/${id}`, { resources: [notes] });
    expect(shaped(patched, 'Issuer')).toMatchObject({ resources: [notes] });
    expect([await at(notes), await at(payroll), await at(`${notes} ${payroll}`)]).toEqual([
      notes,
      'invalid_target',
      'invalid_target',
    ]);
    const wrong = await manage.call('PATCH', `issuers/${id}`, { resources: ['https://nowhere.example/'] });
    expect(shaped(wrong, 'Problem')).toMatchObject({ errors: [{ pointer: '/resources/0' }] });
    const action = `/issuer/update/${id}`;
    await admin.open(provider.base + action);
    expect((await admin.submit({ resources: 'https://nowhere.example/' }, { action })).text).toContain(
      'There is no API https://nowhere',
    );
    expect((await admin.submit({ resources: `${notes}\n${payroll}` }, { action })).text).toContain('Changes saved.');
    expect(await at(payroll)).toBe(payroll);
  });

  it('name a person exactly: another way to write the name may be another person there', async () => {
    expect((await ask({ sub: 'ada' })).status).toBe(200);
    for (const sub of ['Ada', 'ADA', '\uff41da'])
      expect((await ask({ sub })).json()).toMatchObject({ error: 'invalid_grant' });
  });

  it('hang on a grant that administrators see and end, and that ends with the account', async () => {
    const other = await provider.addUser({ username: 'grace' });
    const tokens = await Promise.all([ask({ sub: 'grace' }), ask({ sub: 'grace' })]);
    const [one = '', two = ''] = tokens.map((answer) => answer.json<{ access_token: string }>().access_token);
    await admin.open(`${provider.base}/grant?user=grace`);
    const [selector = ''] = rowValues(admin, 'selector');
    const revoked = await admin.submit({ selector }, { action: '/grant' });
    expect(revoked.text).toContain('Grant revoked.');
    const active = async (token: string): Promise<unknown> =>
      (await introspect(provider, documents, token)).json()['active'];
    expect([await active(one), await active(two)].filter(Boolean)).toHaveLength(1);
    await provider.execute(SetUserState, { id: other.id, disabled: true });
    expect([await active(one), await active(two)]).toEqual([false, false]);
    expect((await ask({ sub: 'grace' })).json()).toMatchObject({ error: 'invalid_grant' });
  });

  it.each<[string, Record<string, unknown>]>([
    ['of an issuer that is not known', { iss: 'https://other.example.com' }],
    ['of no issuer', { iss: undefined }],
    ['for another server', { aud: 'https://other.example.com' }],
    ['for several servers', { aud: ['https://other.example.com', 'x'] }],
    ['that has expired', { exp: 1 }],
    ['without an id', { jti: undefined }],
    ['of somebody who is not here', { sub: 'nobody' }],
    ['of nobody', { sub: undefined }],
  ])('%s are not taken', async (_name, changes) => {
    const answer = await ask(changes);
    expect([answer.status, answer.json()['error']]).toEqual([400, 'invalid_grant']);
  });

  it.each<[string, () => Promise<string>]>([
    ['nothing', () => Promise.resolve('x')],
    ['what another key signed', () => signed(clientKey('ES256'), claims())],
    ['what another key signed under the right kid', () => signed({ ...clientKey('ES256'), kid: key.kid }, claims())],
    ['what the client’s secret signed', () => signed({ ...key, alg: 'HS256', privateKey: Buffer.alloc(64) }, claims())],
    [
      'what nobody signed',
      () => {
        const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
        return Promise.resolve(`${part({ alg: 'none' })}.${part(claims())}.`);
      },
    ],
    [
      'what the key in its own header signed',
      () => {
        const own = clientKey('ES256');
        return signed(own, claims(), { jwk: own.publicJwk });
      },
    ],
  ])('%s is not taken', async (_name, make) => {
    expect((await bring(await make())).json()).toMatchObject({ error: 'invalid_grant' });
  });

  it.each(['at+jwt', 'logout+jwt', 'dpop+jwt'])('of the type %s are none', async (typ) => {
    expect((await ask({}, { header: { typ } })).json()).toMatchObject({ error: 'invalid_grant' });
    for (const right of ['JWT', 'authorization-grant+jwt', 'application/authorization-grant+jwt'])
      expect((await ask({}, { header: { typ: right } })).status).toBe(200);
  });

  it('name their key by kid where their issuer has several that fit (RFC 7515 4.1.4)', async () => {
    const [one, two] = [clientKey('ES256'), clientKey('ES256')];
    const issuer = 'https://two-keys.example.com';
    await trust({ jwks: { keys: [one.publicJwk, two.publicJwk] } }, issuer);
    expect((await ask({ iss: issuer }, { by: one })).status).toBe(200);
    const refused = await ask({ iss: issuer }, { by: { ...one, kid: undefined } });
    expect(refused.json()).toMatchObject({
      error: 'invalid_grant',
      error_description: expect.stringContaining('kid') as string,
    });
  });

  it('are used once, of twenty at once too', async () => {
    const assertion = await signed(key, claims());
    const answers = await Promise.all(Array.from({ length: 20 }, () => bring(assertion, portal, { resource: api })));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const answer of answers.filter(({ status }) => status !== 200))
      expect(answer.json()).toMatchObject({ error: 'invalid_grant' });
  });

  it('give what issuer and client both may, and no more', async () => {
    expect((await ask({}, { parameters: { scope: 'read' } })).json()).toMatchObject({ scope: 'read' });
    for (const scope of ['write', 'other', 'openid', 'read write'])
      expect([scope, (await ask({}, { parameters: { scope } })).json()['error']]).toEqual([scope, 'invalid_scope']);
    expect((await ask({}, { parameters: { resource: 'https://nowhere.example/' } })).json()).toMatchObject({
      error: 'invalid_target',
    });
  });

  it('are brought by the clients that an administrator named, and none else', async () => {
    const other = await provider.addClient({ grantTypes: [jwtBearerGrant], redirectUris: [], scope: ['read'] });
    expect((await ask({}, { as: other })).json()).toMatchObject({ error: 'invalid_grant' });
    const without = await provider.addClient({ scope: ['read'] });
    expect((await ask({}, { as: without })).json()).toMatchObject({ error: 'unauthorized_client' });
    const missing = await post(
      `${provider.base}/oauth/token`,
      { grant_type: jwtBearerGrant },
      { Authorization: basic(portal.client, portal.secret) },
    );
    expect(missing.json()).toMatchObject({ error: 'invalid_request' });
  });

  it('name people by a confirmed e-mail address, or by id, with keys that are given by value', async () => {
    const own = clientKey('EdDSA');
    const manage = await adminApi(provider);
    const made = await manage.call('POST', 'issuers', {
      issuer: 'urn:by-mail',
      name: 'By mail',
      jwks: { keys: [own.publicJwk] },
      subject: 'email',
      clients: [portal.client.id],
      scope: 'read',
    });
    const id = String(shaped(made, 'Issuer')['id']);
    const asked = { iss: 'urn:by-mail', sub: 'ADA@example.com' };
    expect((await ask(asked, { by: own })).json()).toMatchObject({ error: 'invalid_grant' });
    await provider.execute(UpdateUser, { id: person.id, draft: { ...person, emailVerified: true } });
    expect((await ask(asked, { by: own })).status).toBe(200);
    shaped(await manage.call('PATCH', `issuers/${id}`, { subject: 'id' }), 'Issuer');
    expect((await ask({ ...asked, sub: person.id }, { by: own })).status).toBe(200);
    expect((await ask(asked, { by: own })).json()).toMatchObject({ error: 'invalid_grant' });
    const wrong = await manage.call('PATCH', `issuers/${id}`, { clients: ['nobody'], scope: 'openid' });
    expect(shaped(wrong, 'Problem')).toMatchObject({ errors: [{ pointer: '/clients/0' }] });
    expect((await manage.call('DELETE', `issuers/${id}`)).status).toBe(204);
    expect((await ask({ ...asked, sub: person.id }, { by: own })).json()).toMatchObject({ error: 'invalid_grant' });
  });

  it('are managed at /issuer', async () => {
    const effects = 'removing a key, revokes all tokens that were issued for its assertions';
    expect((await admin.open(`${provider.base}/issuer/add`)).text).not.toContain(effects);
    const wrong = await admin.submit({ name: 'Wrong', issuer: 'urn:x', clients: 'nobody', scope: 'read' });
    expect([wrong.status, wrong.text.includes('There is no client nobody')]).toEqual([422, true]);
    const unkeyed = await admin.submit({ clients: portal.client.id, jwks: '{' });
    expect([unkeyed.status, unkeyed.text.includes('This isn’t a JSON object')]).toEqual([422, true]);
    const added = await admin.submit({ jwks: '', jwksUri: 'https://keys.example/jwks' });
    expect(added.text).toContain('Trusted issuer added.');
    const path = new URL(admin.address).pathname;
    expect((await admin.submit({ scope: 'openid' }, { action: path })).text).toContain('belongs to this server itself');
    expect((await admin.open(`${provider.base}${path}`)).text).toContain(effects);
    const kept = await admin.submit({ confirm: 'no' }, { action: path.replace('update', 'delete') });
    expect([kept.status, kept.text.includes('The name doesn’t match.')]).toEqual([422, true]);
    await admin.submit({ confirm: 'Wrong' }, { action: path.replace('update', 'delete') });
    expect((await admin.open(`${provider.base}/issuer`)).text).not.toContain('urn:x');
  });

  it('are offered in the metadata', async () => {
    const metadata = (await admin.open(`${provider.base}/.well-known/oauth-authorization-server`)).json<{
      grant_types_supported: string[];
    }>();
    expect(metadata.grant_types_supported).toContain(jwtBearerGrant);
  });
});
