import { decodeJwt } from 'jose';
import { deviceCodeGrant } from '@gatehouse/domain/oauth';
import { statement } from '@gatehouse/platform/database/store';
import { ClientsService } from '../../src/clients/clients.service';
import { CacheVersions } from '../../src/database/cache-versions.service';
import { send, type Answer, type Browser } from '../support/browser';
import { pushedUrl, push, sendPush } from '../support/par';
import {
  answerOf,
  authorizationRequest,
  authorizeUrl,
  basic,
  post,
  redeem,
  startProvider,
  type TestProvider,
} from '../support/provider';
import { addResource } from '../support/resources';
import { obtainTokens, type Registered } from '../support/tokens';
import { SetClientState } from '../../src/clients/operations/set-client-state';

const api = 'https://documents.example/';
const claims = JSON.stringify({
  userinfo: { phone_number: { essential: true }, email: null },
  id_token: { phone_number_verified: { essential: true }, email: { essential: true }, auth_time: { essential: true } },
});

describe('a restricted client', () => {
  let provider: TestProvider;
  let browser: Browser;
  beforeAll(async () => {
    provider = await startProvider();
    await addResource(provider, { identifier: api });
  });
  beforeEach(async () => {
    const profile = { phoneNumber: '+16045551234', phoneNumberVerified: false };
    browser = await provider.logIn(await provider.addUser({ email: 'ada@example.com', profile }));
  });
  afterAll(() => provider.close());

  const add = (): Promise<Registered> =>
    provider.addClient({
      name: 'Curious',
      grantTypes: ['authorization_code', 'implicit', 'refresh_token', deviceCodeGrant],
      responseTypes: ['code', 'id_token token'],
      scope: ['openid', 'profile', 'email', 'phone', 'offline_access', 'read'],
    });
  /** What an administrator does. */
  async function limit({ client }: Registered): Promise<void> {
    await provider.execute(SetClientState, { id: client.id, decision: 'restrict' });
    await known(client.id);
  }
  /** Limits it as another process did while this one did not know yet: what is granted in that second stays. */
  async function limitLate({ client }: Registered): Promise<void> {
    const late = statement('test.limit_late', 'UPDATE clients SET limited_at = $2 WHERE id = $1');
    await provider.store.run(async (unit) => {
      await unit.change(late, client.id, provider.clock.now());
      await provider.app.get(CacheVersions).bump(unit, 'clients');
    });
    await known(client.id);
  }
  async function known(id: string): Promise<void> {
    while ((await provider.app.get(ClientsService).find(id))?.restrictedAt === undefined)
      await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const limited = async (): Promise<Registered> => {
    const registered = await add();
    await limit(registered);
    return registered;
  };
  const open = ({ client }: Registered, overrides: Record<string, string>): Promise<Answer> =>
    browser.open(authorizeUrl(provider, authorizationRequest(client, overrides).parameters));
  const errorOf = (answer: Answer): string | null =>
    new URLSearchParams(new URL(answer.location ?? '').hash.slice(1) || new URL(answer.location ?? '').search).get(
      'error',
    );
  const userinfo = async (token: string): Promise<Record<string, unknown>> =>
    (await send(`${provider.base}/oauth/userinfo`, { headers: { Authorization: `Bearer ${token}` } })).json();
  const scope = 'openid email';

  it('gets no claim by name that its scopes do not tell, essential or not (OpenID Connect Core 5.5)', async () => {
    const registered = await limited();
    const consent = await open(registered, { scope, claims });
    expect(consent.status).toBe(200);
    expect(consent.text).not.toMatch(/phone number/i);
    const tokens = await obtainTokens(provider, browser, registered, { scope, claims });
    expect(await userinfo(tokens.access_token)).toEqual({
      sub: expect.any(String) as unknown,
      email: 'ada@example.com',
      email_verified: false,
    });
    const idToken = decodeJwt(tokens.id_token ?? '');
    expect(idToken).toMatchObject({ email: 'ada@example.com', auth_time: expect.any(Number) as unknown });
    expect(idToken).not.toHaveProperty('phone_number_verified');
  });

  it('gets no token for an API: at authorize, at PAR, for a device, at the token endpoint (RFC 8707 2)', async () => {
    const registered = await limited();
    expect(errorOf(await open(registered, { scope, resource: api }))).toBe('invalid_target');
    expect(errorOf(await open(registered, { scope, resource: api, response_type: 'id_token token' }))).toBe(
      'invalid_target',
    );
    const { parameters } = authorizationRequest(registered.client, { scope, resource: api });
    const pushed = await sendPush(provider, registered, parameters);
    expect([pushed.status, pushed.json()['error']]).toEqual([400, 'invalid_target']);
    const device = await post(
      `${provider.base}/oauth/device`,
      { scope, resource: api },
      { Authorization: basic(registered.client, registered.secret) },
    );
    expect(device.json()).toMatchObject({ error: 'unauthorized_client' });
    const request = authorizationRequest(registered.client, { scope });
    await browser.open(authorizeUrl(provider, request.parameters));
    const code = answerOf(await browser.submit({ confirm: 'yes' })).get('code') ?? '';
    const answer = await redeem(provider, registered, code, request.proof.verifier, { resource: api });
    expect([answer.status, answer.json()['error']]).toEqual([400, 'invalid_target']);
  });

  it('gets nothing more by requests from before the restriction: pushed, or waiting on the consent page', async () => {
    const [first, second, third] = [await add(), await add(), await add()];
    const pushed = await push(provider, first, { scope, resource: api });
    const withClaims = await push(provider, second, { scope, claims });
    await open(third, { scope, resource: api });
    for (const each of [first, second, third]) await limit(each);
    expect(errorOf(await browser.submit({ confirm: 'yes' }))).toBe('invalid_target');
    expect(errorOf(await browser.open(pushedUrl(provider, first.client, pushed.requestUri)))).toBe('invalid_target');
    const consent = await browser.open(pushedUrl(provider, second.client, withClaims.requestUri));
    expect(consent.text).not.toMatch(/phone number/i);
    const code = answerOf(await browser.submit({ confirm: 'yes' })).get('code') ?? '';
    const tokens = (await redeem(provider, second, code, withClaims.proof.verifier)).json<{
      access_token: string;
      id_token: string;
    }>();
    expect(await userinfo(tokens.access_token)).not.toHaveProperty('phone_number');
    expect(decodeJwt(tokens.id_token)).not.toHaveProperty('phone_number_verified');
  });

  it('gets nothing more by a grant that a process made while it did not know of the limit', async () => {
    const [forApi, forClaims] = [await add(), await add()];
    const grantedFor = async ({ client }: Registered, overrides: Record<string, string>) => {
      const request = authorizationRequest(client, overrides);
      await browser.open(authorizeUrl(provider, request.parameters));
      return { code: answerOf(await browser.submit({ confirm: 'yes' })).get('code') ?? '', ...request.proof };
    };
    const api1 = await grantedFor(forApi, { scope: 'openid read', resource: api });
    const claims1 = await grantedFor(forClaims, { scope, claims });
    const tokens = await obtainTokens(provider, browser, forClaims, { scope: `${scope} phone`, claims });
    expect(await userinfo(tokens.access_token)).toHaveProperty('phone_number');
    await limitLate(forApi);
    await limitLate(forClaims);
    const answer = await redeem(provider, forApi, api1.code, api1.verifier);
    expect([answer.status, answer.json()['error']]).toEqual([400, 'invalid_target']);
    const late = (await redeem(provider, forClaims, claims1.code, claims1.verifier)).json<{ id_token: string }>();
    expect(decodeJwt(late.id_token)).toMatchObject({ email: 'ada@example.com' });
    expect(decodeJwt(late.id_token)).not.toHaveProperty('phone_number_verified');
    expect(await userinfo(tokens.access_token)).toEqual({
      sub: expect.any(String) as unknown,
      email: 'ada@example.com',
      email_verified: false,
    });
  });
});
