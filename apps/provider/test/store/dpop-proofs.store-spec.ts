import { randomUUID } from 'node:crypto';
import { addSeconds } from '@gatehouse/domain/kernel';
import { deviceCodeGrant, type ClientDraft, type DpopProof } from '@gatehouse/domain/oauth';
import { statement } from '@gatehouse/platform/database/store';
import { DpopProofs } from '../../src/protocol/dpop/dpop-proofs.service';
import { UsersService } from '../../src/users/users.service';
import { freePort } from '../../../../scripts/lib/free-port.cjs';
import { Browser, send, type Answer } from '../support/browser';
import { dpopKey, proofOf, type DpopKey } from '../support/dpop';
import { engines } from '../support/engines';
import { sendPush } from '../support/par';
import { authorizationRequest, authorize, basic, post, startProvider, type TestProvider } from '../support/provider';
import { isActive, type Registered, type Tokens } from '../support/tokens';

type Fields = Readonly<Record<string, string>>;

jest.setTimeout(120_000);

const count = statement('test.count_spent_proofs', 'SELECT count(*) AS n FROM spent_ids');

describe.each(engines)('DPoP proofs on %s', (_name, engineOf) => {
  const engine = engineOf();
  let provider: TestProvider;
  let other: TestProvider;
  let browser: Browser;
  let key: DpopKey;
  beforeAll(async () => {
    await engine.start();
    const databaseUrl = await engine.migratedUrl();
    const env = { GATEHOUSE_ISSUER: `http://localhost:${await freePort()}` };
    provider = await startProvider({ databaseUrl, env });
    // A second process of the same issuer, on the same database.
    other = await startProvider({ databaseUrl, env: { ...env, GATEHOUSE_SECRET_KEY: provider.secretKey } });
    browser = await provider.logIn(await provider.addUser());
    key = await dpopKey();
  });
  afterAll(async () => {
    await other.close();
    await provider.close();
    await engine.stop();
  });

  const spent = async (): Promise<number> => Number((await provider.store.one<{ n: number }>(count))?.n);
  const refusal = (answer: Answer): unknown[] => [answer.status, answer.json()['error']];
  const proofAt = (path: string, changed: { method?: string; accessToken?: string; by?: DpopKey } = {}) =>
    proofOf(changed.by ?? key, { url: provider.issuer + path, now: provider.clock.now(), ...changed });
  const add = (draft: Partial<ClientDraft> = {}): Promise<Registered> =>
    provider.addClient({
      type: 'public',
      authMethod: 'none',
      consentRequired: false,
      grantTypes: ['authorization_code', 'refresh_token', deviceCodeGrant],
      ...draft,
    });
  const ask = ({ client, secret }: Registered, fields: Fields, DPoP: string, at = provider): Promise<Answer> =>
    client.type === 'public'
      ? post(`${at.base}/oauth/token`, { client_id: client.id, ...fields }, { DPoP })
      : post(`${at.base}/oauth/token`, fields, { DPoP, Authorization: basic(client, secret) });
  const codeFields = async ({ client }: Registered): Promise<Fields> => {
    const { code, verifier } = await authorize(provider, browser, client, { scope: 'openid offline_access' });
    return {
      grant_type: 'authorization_code',
      code,
      code_verifier: verifier,
      redirect_uri: client.redirectUris[0] ?? '',
    };
  };
  const boundTokens = async (registered: Registered): Promise<Tokens> => {
    const answer = await ask(registered, await codeFields(registered), await proofAt('/oauth/token'));
    expect(answer.status).toBe(200);
    return answer.json<Tokens>();
  };
  const userinfo = async (token: string, DPoP: string): Promise<Answer> =>
    send(`${provider.base}/oauth/userinfo`, { headers: { Authorization: `DPoP ${token}`, DPoP } });

  it('of requests that are rejected write nothing: a public client proves nothing by them', async () => {
    const registered = await add();
    const device = await post(`${provider.base}/oauth/device`, { client_id: registered.client.id, scope: 'openid' });
    const code = await codeFields(registered);
    const before = await spent();
    const requests: readonly [Fields, string][] = [
      [{ grant_type: 'authorization_code', code: 'unknown', code_verifier: 'x'.repeat(43) }, 'invalid_grant'],
      [{ ...code, code_verifier: 'x'.repeat(43) }, 'invalid_grant'],
      [{ grant_type: 'refresh_token', refresh_token: 'unknown' }, 'invalid_grant'],
      [{ grant_type: deviceCodeGrant, device_code: 'unknown' }, 'invalid_grant'],
      // What a poll writes is one row for the device, however often it polls.
      [{ grant_type: deviceCodeGrant, device_code: String(device.json()['device_code']) }, 'authorization_pending'],
      [{ grant_type: 'nonsense' }, 'unsupported_grant_type'],
    ];
    for (const [fields, error] of requests)
      expect(refusal(await ask(registered, fields, await proofAt('/oauth/token')))).toEqual([400, error]);
    const { parameters } = authorizationRequest(registered.client, { redirect_uri: 'https://other.test/' });
    const DPoP = await proofAt('/oauth/par');
    expect((await sendPush(provider, registered, parameters, { DPoP })).status).toBe(400);
    expect(await spent()).toBe(before);
  });

  it('are consumed once by successful requests: at the token endpoint, at PAR and at UserInfo (RFC 9449 11.1)', async () => {
    const registered = await add();
    const before = await spent();
    const fields = await codeFields(registered);
    const atToken = await proofAt('/oauth/token');
    const tokens = (await ask(registered, fields, atToken)).json<Tokens>();
    expect(await spent()).toBe(before + 1);
    const refresh = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token ?? '' };
    expect(refusal(await ask(registered, refresh, atToken, other))).toEqual([400, 'invalid_dpop_proof']);

    const pushing = await add({ type: 'confidential', authMethod: 'client_secret_basic' });
    const { parameters } = authorizationRequest(pushing.client);
    const DPoP = await proofAt('/oauth/par');
    expect((await sendPush(provider, pushing, parameters, { DPoP })).status).toBe(201);
    expect(await spent()).toBe(before + 2);
    expect(refusal(await sendPush(other, pushing, parameters, { DPoP }))).toEqual([400, 'invalid_dpop_proof']);

    const atUserinfo = await proofAt('/oauth/userinfo', { method: 'GET', accessToken: tokens.access_token });
    expect((await userinfo(tokens.access_token, atUserinfo)).status).toBe(200);
    expect(await spent()).toBe(before + 3);
    expect(refusal(await userinfo(tokens.access_token, atUserinfo))).toEqual([401, 'invalid_dpop_proof']);
    expect(await spent()).toBe(before + 3);
  });

  it('of another key than that of the token write nothing at UserInfo', async () => {
    const { access_token: accessToken } = await boundTokens(await add());
    const before = await spent();
    const DPoP = await proofAt('/oauth/userinfo', { method: 'GET', accessToken, by: await dpopKey() });
    expect(refusal(await userinfo(accessToken, DPoP))).toEqual([401, 'invalid_token']);
    expect(await spent()).toBe(before);
  });

  it('a request that comes again as it was ends nothing, and the code with another proof ends the grant', async () => {
    const registered = await add({ type: 'confidential', authMethod: 'client_secret_basic' });
    const fields = await codeFields(registered);
    const DPoP = await proofAt('/oauth/token');
    const { access_token: token } = (await ask(registered, fields, DPoP)).json<Tokens>();
    expect(refusal(await ask(registered, fields, DPoP, other))).toEqual([400, 'invalid_dpop_proof']);
    expect(await isActive(provider, registered, token)).toBe(true);
    expect(refusal(await ask(registered, fields, await proofAt('/oauth/token')))).toEqual([400, 'invalid_grant']);
    expect(await isActive(provider, registered, token)).toBe(false);
  });

  it('a repeated refresh needs a proof of its own', async () => {
    const registered = await add({ refreshTokenRotation: 'always' });
    const fields = { grant_type: 'refresh_token', refresh_token: (await boundTokens(registered)).refresh_token ?? '' };
    const DPoP = await proofAt('/oauth/token');
    const first = await ask(registered, fields, DPoP);
    expect(first.status).toBe(200);
    expect(refusal(await ask(registered, fields, DPoP, other))).toEqual([400, 'invalid_dpop_proof']);
    const own = await proofAt('/oauth/token');
    expect((await ask(registered, fields, own, other)).text).toBe(first.text);
    expect(refusal(await ask(registered, fields, own, other))).toEqual([400, 'invalid_dpop_proof']);
  });

  it('50 requests at once with one code and one proof, to two processes: one has tokens, and they live', async () => {
    const registered = await add({ type: 'confidential', authMethod: 'client_secret_basic' });
    const fields = await codeFields(registered);
    const DPoP = await proofAt('/oauth/token');
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_each, index) => ask(registered, fields, DPoP, index % 2 === 0 ? provider : other)),
    );
    const [won, ...more] = answers.filter(({ status }) => status === 200);
    expect(more).toEqual([]);
    for (const answer of answers.filter(({ status }) => status !== 200))
      expect(refusal(answer)).toEqual([400, 'invalid_dpop_proof']);
    expect(await isActive(provider, registered, won?.json<Tokens>().access_token)).toBe(true);
  });

  it('50 refreshes at once, each with its own proof, have one response, and consume 50 proofs', async () => {
    const registered = await add({ refreshTokenRotation: 'always' });
    const fields = { grant_type: 'refresh_token', refresh_token: (await boundTokens(registered)).refresh_token ?? '' };
    const before = await spent();
    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_each, index) =>
        ask(registered, fields, await proofAt('/oauth/token'), index % 2 === 0 ? provider : other),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(await spent()).toBe(before + 50);
  });

  it('50 pushed requests, and 50 requests to UserInfo, at once with one proof: one each is answered', async () => {
    const registered = await add({ type: 'confidential', authMethod: 'client_secret_basic' });
    const { parameters } = authorizationRequest(registered.client);
    const DPoP = await proofAt('/oauth/par');
    const pushed = await Promise.all(
      Array.from({ length: 50 }, (_each, index) =>
        sendPush(index % 2 === 0 ? provider : other, registered, parameters, { DPoP }),
      ),
    );
    expect(pushed.filter(({ status }) => status === 201)).toHaveLength(1);
    const { access_token: token } = await boundTokens(registered);
    const shown = await proofAt('/oauth/userinfo', { method: 'GET', accessToken: token });
    const answers = await Promise.all(Array.from({ length: 50 }, () => userinfo(token, shown)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it('at UserInfo are stored up to a number for one person of a public client; others are not affected', async () => {
    const registered = await add();
    const { access_token: token } = await boundTokens(registered);
    const stranger = await provider.logIn(await provider.addUser(), new Browser());
    const proofs = provider.app.get(DpopProofs);
    const holder = (await provider.app.get(UsersService).findByUsername('person-1'))?.id ?? '';
    const now = provider.clock.now();
    const next = (): DpopProof => ({
      jkt: key.jkt,
      jti: randomUUID(),
      nonce: undefined,
      algorithm: 'ES256',
      issuedAt: now,
      expiresAt: addSeconds(now, 300),
    });
    const sender = { client: registered.client, holder };
    for (let each = 0; each < 20; each++)
      await Promise.all(Array.from({ length: 100 }, () => proofs.consumeAlone(next(), sender, now)));
    const show = async (accessToken: string): Promise<Answer> =>
      userinfo(accessToken, await proofAt('/oauth/userinfo', { method: 'GET', accessToken }));
    const refused = await show(token);
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '60']);
    const { code, verifier } = await authorize(provider, stranger, registered.client);
    const fields = {
      grant_type: 'authorization_code',
      code,
      code_verifier: verifier,
      redirect_uri: 'https://client.test/callback',
    };
    const theirs = (await ask(registered, fields, await proofAt('/oauth/token'))).json<Tokens>();
    expect((await show(theirs.access_token)).status).toBe(200);
    provider.clock.advance(301);
    expect((await show(token)).status).toBe(200);
  });

  it('a code that comes again and again is recorded once: its grant ends once', async () => {
    const registered = await add();
    const fields = await codeFields(registered);
    await ask(registered, fields, await proofAt('/oauth/token'));
    const events = statement(
      'test.count_replays',
      "SELECT count(*) AS n FROM audit_events WHERE type = 'code.replayed'",
    );
    const recorded = async (): Promise<number> => Number((await provider.store.one<{ n: number }>(events))?.n);
    const [before, proofs] = [await recorded(), await spent()];
    for (let times = 0; times < 3; times++)
      expect(refusal(await ask(registered, fields, await proofAt('/oauth/token')))).toEqual([400, 'invalid_grant']);
    expect(await recorded()).toBe(before + 1);
    expect(await spent()).toBe(proofs);
  });
});
