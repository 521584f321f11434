import {
  accessTokenType,
  jwtType,
  tokenExchangeGrant,
  type ClientDraft,
  type ExchangeRule,
} from '@gatehouse/domain/oauth';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { send, type Answer, type Browser } from '../support/browser';
import { dpopKey, proofOf } from '../support/dpop';
import { authorize, basic, post, startProvider, type TestProvider } from '../support/provider';
import { addResource } from '../support/resources';
import { introspect, obtainTokens, type Registered, type Tokens } from '../support/tokens';
import { changeClient } from '../support/client-changes';
import { DeleteClient } from '../../src/clients/operations/delete-client';

describe('token exchange (RFC 8693)', () => {
  let provider: TestProvider;
  let browser: Browser;
  let person: Awaited<ReturnType<TestProvider['addUser']>>;
  /** What people log in at. */
  let app: Registered;
  /** The API that the app calls, and that calls on. */
  let front: Registered;
  let back: Registered;
  let opaque: Registered;
  const frontApi = 'https://front.example/';
  const backApi = 'https://back.example/';

  beforeAll(async () => {
    provider = await startProvider();
    front = await addResource(provider, { identifier: frontApi });
    back = await addResource(provider, {
      identifier: backApi,
      scopes: [
        { name: 'stock', sentence: 'See the stock' },
        { name: 'order', sentence: 'Order' },
      ],
    });
    opaque = await addResource(provider, { identifier: 'urn:opaque', tokenFormat: 'opaque' });
    front = { ...front, client: await allow(front, [{ resource: backApi, mode: 'delegation' }]) };
    app = await provider.addClient({ scope: ['openid', 'read', 'write', 'offline_access'] });
  });
  beforeEach(async () => {
    person = await provider.addUser();
    browser = await provider.logIn(person);
  });
  afterAll(() => provider.close());

  /** What an administrator does. */
  async function allow(
    { client: { id } }: Registered,
    tokenExchange: readonly ExchangeRule[],
    more: Partial<ClientDraft> = {},
  ): Promise<Registered['client']> {
    const changed = await changeClient(provider, id, {
      grantTypes: [tokenExchangeGrant],
      scope: ['stock', 'order', 'read', 'write'],
      tokenExchange,
      ...more,
    });
    return changed.client;
  }

  const addExchanger = (rules: readonly ExchangeRule[], draft: Partial<ClientDraft> = {}): Promise<Registered> =>
    provider.addClient({
      grantTypes: [tokenExchangeGrant, 'authorization_code'],
      scope: ['openid', 'read', 'write', 'stock', 'order', 'roles'],
      tokenExchange: rules,
      ...draft,
    });

  const personToken = (overrides: Record<string, string> = {}, registered = app): Promise<Tokens> =>
    obtainTokens(provider, browser, registered, { scope: 'openid read', resource: frontApi, ...overrides });

  const exchange = (
    by: Registered,
    subject: string,
    more: Record<string, string> = {},
    headers: Record<string, string> = {},
  ): Promise<Answer> =>
    post(
      `${provider.base}/oauth/token`,
      {
        grant_type: tokenExchangeGrant,
        subject_token: subject,
        subject_token_type: accessTokenType,
        resource: backApi,
        ...more,
      },
      { Authorization: basic(by.client, by.secret), ...headers },
    );

  const refusal = (answer: Answer): unknown[] => [answer.status, answer.json()['error']];

  it('gives an API a token of the person for the next API, which says who acts (2.2.1, 4.1)', async () => {
    const subject = await personToken();
    const answer = await exchange(front, subject.access_token, { scope: 'stock' });
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.json()).toEqual({
      access_token: expect.any(String) as unknown,
      issued_token_type: accessTokenType,
      token_type: 'Bearer',
      expires_in: 3600,
      scope: 'stock',
    });
    const text = answer.json<Tokens>().access_token;
    expect(decodeProtectedHeader(text)).toMatchObject({ typ: 'at+jwt', alg: 'ES256' });
    expect(decodeJwt(text)).toMatchObject({
      iss: provider.issuer,
      sub: person.id,
      aud: backApi,
      client_id: front.client.id,
      scope: 'stock',
      act: { sub: front.client.id },
      acr: expect.any(String) as unknown,
      auth_time: expect.any(Number) as unknown,
    });
    expect((await introspect(provider, back, text)).json()).toMatchObject({
      active: true,
      sub: person.id,
      act: { sub: front.client.id },
      aud: backApi,
    });
  });

  it('leaves out who acts where an administrator says so, and keeps who acted before', async () => {
    const rule: ExchangeRule = { resource: backApi, mode: 'impersonation' };
    const exchanger = await addExchanger([rule]);
    const own = await personToken({ scope: 'openid', resource: frontApi }, exchanger);
    const impersonated = await exchange(exchanger, own.access_token);
    expect(decodeJwt(impersonated.json<Tokens>().access_token)).not.toHaveProperty('act');

    const backExchanges = { ...back, client: await allow(back, [{ resource: 'urn:opaque', mode: 'impersonation' }]) };
    const delegated = (await exchange(front, (await personToken()).access_token)).json<Tokens>().access_token;
    const further = await exchange(backExchanges, delegated, { resource: 'urn:opaque', scope: 'read' });
    expect(further.status).toBe(200);
    const seen = await introspect(provider, opaque, further.json<Tokens>().access_token);
    expect(seen.json()).toMatchObject({ active: true, sub: person.id, scope: 'read', act: { sub: front.client.id } });
  });

  it('nests actors, the newest outermost, and no more than five (4.1)', async () => {
    const exchanger = await addExchanger([{ resource: frontApi, mode: 'delegation' }]);
    let text = (await personToken({}, exchanger)).access_token;
    for (let depth = 1; depth <= 5; depth++) {
      const answer = await exchange(exchanger, text, { resource: frontApi });
      expect(answer.status).toBe(200);
      text = answer.json<Tokens>().access_token;
    }
    const inner = (act: { act?: object } | undefined): number => (act ? 1 + inner(act.act) : 0);
    expect(inner(decodeJwt<{ act: object }>(text).act)).toBe(5);
    expect(refusal(await exchange(exchanger, text, { resource: frontApi }))).toEqual([400, 'invalid_request']);
  });

  it('names another person as the actor by their token (2.1, actor_token)', async () => {
    const exchanger = await addExchanger([{ resource: backApi, mode: 'delegation' }]);
    const helper = await provider.addUser();
    const subject = (await personToken({}, exchanger)).access_token;
    browser = await provider.logIn(helper);
    const actor = (await personToken({}, exchanger)).access_token;
    const answer = await exchange(exchanger, subject, { actor_token: actor, actor_token_type: accessTokenType });
    expect(decodeJwt(answer.json<Tokens>().access_token)).toMatchObject({ sub: person.id, act: { sub: helper.id } });
    const strange = (await personToken()).access_token;
    expect(
      refusal(await exchange(exchanger, subject, { actor_token: strange, actor_token_type: accessTokenType })),
    ).toEqual([400, 'invalid_request']);
  });

  it('gives no more at an API than the person let a client do there, over however many exchanges', async () => {
    const exchanger = await addExchanger([
      { resource: frontApi, mode: 'delegation' },
      { resource: backApi, mode: 'delegation' },
    ]);
    const subject = (await personToken({ scope: 'openid read' }, exchanger)).access_token;
    const there = (await exchange(exchanger, subject, { scope: 'stock' })).json<Tokens>().access_token;
    expect(refusal(await exchange(exchanger, there, { resource: frontApi, scope: 'write' }))).toEqual([
      400,
      'invalid_scope',
    ]);
    const back = await exchange(exchanger, there, { resource: frontApi, scope: 'read' });
    expect(back.json()).toMatchObject({ scope: 'read' });
  });

  it('ends with the grant of the token that it was exchanged for', async () => {
    const subject = await personToken();
    const text = (await exchange(front, subject.access_token)).json<Tokens>().access_token;
    const active = async (): Promise<unknown> => (await introspect(provider, back, text)).json()['active'];
    expect(await active()).toBe(true);
    await browser.open(`${provider.base}/logout`);
    await browser.submit({ logout: 'yes' }, { headers: { Origin: new URL(provider.issuer).origin } });
    expect(await active()).toBe(false);
    expect(refusal(await exchange(front, subject.access_token))).toEqual([400, 'invalid_request']);
  });

  it('ends when the client that exchanged is disabled', async () => {
    const exchanger = await addExchanger([{ resource: backApi, mode: 'delegation' }]);
    const text = (await exchange(exchanger, (await personToken({}, exchanger)).access_token)).json<Tokens>()
      .access_token;
    const other = await personToken();
    const kept = (await exchange(front, other.access_token)).json<Tokens>().access_token;
    await provider.execute(DeleteClient, { id: exchanger.client.id });
    expect((await introspect(provider, back, text)).json()).toEqual({ active: false });
    expect((await introspect(provider, back, kept)).json()).toMatchObject({ active: true });
  });

  it('never outlives the token that it was exchanged for', async () => {
    const subject = await personToken();
    provider.clock.advance(3000);
    const answer = await exchange(front, subject.access_token);
    expect(answer.json<Tokens>().expires_in).toBe(600);
    provider.clock.advance(601);
    expect(refusal(await exchange(front, subject.access_token))).toEqual([400, 'invalid_request']);
  });

  it('gives no refresh token, no ID token and nothing of this server’s own', async () => {
    const exchanger = await addExchanger([{ resource: backApi, mode: 'delegation' }], {
      grantTypes: [tokenExchangeGrant, 'authorization_code', 'refresh_token'],
      scope: ['openid', 'offline_access', 'read', 'stock', 'roles'],
    });
    const subject = await personToken({ scope: 'openid read offline_access' }, exchanger);
    const answer = await exchange(exchanger, subject.access_token);
    expect(Object.keys(answer.json()).sort()).toEqual(
      ['access_token', 'expires_in', 'issued_token_type', 'scope', 'token_type'].sort(),
    );
    for (const scope of ['openid', 'roles', 'offline_access'])
      expect(refusal(await exchange(exchanger, subject.access_token, { scope }))).toEqual([400, 'invalid_scope']);
  });

  it('widens nothing at an API that the token was for already', async () => {
    const exchanger = await addExchanger([
      { resource: frontApi, mode: 'delegation' },
      { resource: backApi, mode: 'delegation' },
    ]);
    const subject = (await personToken({ scope: 'openid read' }, exchanger)).access_token;
    const narrowed = await exchange(exchanger, subject, { resource: frontApi });
    expect(narrowed.json<Tokens>().scope).toBe('read');
    expect(refusal(await exchange(exchanger, subject, { resource: frontApi, scope: 'write' }))).toEqual([
      400,
      'invalid_scope',
    ]);
    const both = await exchange(exchanger, subject, { audience: frontApi, scope: 'write stock' });
    expect(refusal(both)).toEqual([400, 'invalid_scope']);
  });

  it('needs the key of a bound token from its own client (RFC 9449 5)', async () => {
    const exchanger = await addExchanger([{ resource: backApi, mode: 'delegation' }]);
    const key = await dpopKey();
    const prove = async (by = key): Promise<Record<string, string>> => ({
      DPoP: await proofOf(by, { url: `${provider.issuer}/oauth/token`, now: provider.clock.now() }),
    });
    const { code, verifier } = await authorize(provider, browser, exchanger.client, {
      scope: 'openid read',
      resource: frontApi,
    });
    const bound = await post(
      `${provider.base}/oauth/token`,
      {
        grant_type: 'authorization_code',
        code,
        code_verifier: verifier,
        redirect_uri: exchanger.client.redirectUris[0] ?? '',
      },
      { Authorization: basic(exchanger.client, exchanger.secret), ...(await prove()) },
    );
    expect(bound.json()).toMatchObject({ token_type: 'DPoP' });
    const subject = bound.json<Tokens>().access_token;
    expect(refusal(await exchange(exchanger, subject))).toEqual([400, 'invalid_request']);
    expect(refusal(await exchange(exchanger, subject, {}, await prove(await dpopKey())))).toEqual([
      400,
      'invalid_request',
    ]);
    const answer = await exchange(exchanger, subject, {}, await prove());
    expect(answer.json()).toMatchObject({ token_type: 'DPoP' });
    expect(decodeJwt(answer.json<Tokens>().access_token)).toHaveProperty('cnf.jkt');

    // The token that says who acts is worth no more without its key than the one that is exchanged.
    const unbound = (await personToken({}, exchanger)).access_token;
    const acting = { actor_token: subject, actor_token_type: accessTokenType };
    expect(refusal(await exchange(exchanger, unbound, acting))).toEqual([400, 'invalid_request']);
    expect(refusal(await exchange(exchanger, unbound, acting, await prove(await dpopKey())))).toEqual([
      400,
      'invalid_request',
    ]);
    expect((await exchange(exchanger, unbound, acting, await prove())).status).toBe(200);
  });

  describe('is rejected', () => {
    it.each<[string, Record<string, string>, string]>([
      ['without a subject_token', { subject_token: '' }, 'invalid_request'],
      ['for a token that is none', { subject_token: 'a.b' }, 'invalid_request'],
      [
        'for a subject_token_type that we have not',
        { subject_token_type: 'urn:ietf:params:oauth:token-type:saml2' },
        'invalid_request',
      ],
      ['without its type', { subject_token_type: '' }, 'invalid_request'],
      ['for an actor_token without its type', { actor_token: 'a.b' }, 'invalid_request'],
      ['for an actor_token_type without its token', { actor_token_type: accessTokenType }, 'invalid_request'],
      [
        'for another kind of token',
        { requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' },
        'invalid_request',
      ],
      ['without a resource', { resource: '' }, 'invalid_target'],
      ['for an API without a rule', { resource: 'urn:opaque' }, 'invalid_target'],
      ['for an API that is not there', { resource: 'https://nowhere.example/' }, 'invalid_target'],
      ['for a scope that the client has not', { scope: 'admin' }, 'invalid_scope'],
    ])('%s (2.2.2)', async (_name, more, error) => {
      const subject = await personToken();
      expect(refusal(await exchange(front, subject.access_token, more))).toEqual([400, error]);
    });

    it('for a token that was sent to another API', async () => {
      const exchanger = await addExchanger([{ resource: backApi, mode: 'delegation' }]);
      expect(refusal(await exchange(exchanger, (await personToken()).access_token))).toEqual([400, 'invalid_request']);
      expect(refusal(await exchange(front, (await personToken({ resource: 'urn:opaque' })).access_token))).toEqual([
        400,
        'invalid_request',
      ]);
    });

    it('for a client’s own token: it is no person’s', async () => {
      const machine = await addExchanger([{ resource: backApi, mode: 'delegation' }], {
        grantTypes: [tokenExchangeGrant, 'client_credentials'],
        redirectUris: [],
        serviceAccount: true,
        scope: ['read', 'stock'],
      });
      const own = await post(
        `${provider.base}/oauth/token`,
        { grant_type: 'client_credentials', scope: 'read' },
        { Authorization: basic(machine.client, machine.secret) },
      );
      expect(refusal(await exchange(machine, own.json<Tokens>().access_token))).toEqual([400, 'invalid_request']);
    });

    it('for a client that no administrator allowed it', async () => {
      const subject = await personToken();
      expect(refusal(await exchange(app, subject.access_token))).toEqual([400, 'unauthorized_client']);
    });

    it('for a JWT where the API takes none', async () => {
      const exchanger = await addExchanger([{ resource: 'urn:opaque', mode: 'delegation' }]);
      const subject = (await personToken({}, exchanger)).access_token;
      const answer = await exchange(exchanger, subject, { resource: 'urn:opaque', requested_token_type: jwtType });
      expect(refusal(answer)).toEqual([400, 'invalid_request']);
    });
  });

  it('is no grant type that a client registers for by itself (RFC 7591 3.2.2)', async () => {
    const open = await startProvider({ env: { GATEHOUSE_REGISTRATION: 'open' } });
    try {
      const answer = await send(`${open.base}/oauth/register`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({
          client_name: 'Eager',
          grant_types: [tokenExchangeGrant],
          response_types: [],
          redirect_uris: [],
        }),
      });
      expect(refusal(answer)).toEqual([400, 'invalid_client_metadata']);
      expect(answer.json()['error_description']).toContain('administrator');
    } finally {
      await open.close();
    }
  });
});
