import { randomUUID } from 'node:crypto';
import { accessTokenType, jwtBearerGrant, tokenExchangeGrant, type ClientDraft } from '@gatehouse/domain/oauth';
import { statement } from '@gatehouse/platform/database/store';
import { FailedRequests } from '../../src/audit/failed-requests.service';
import { ClientsService } from '../../src/clients/clients.service';
import { DeleteClient } from '../../src/clients/operations/delete-client';
import { RotateClientSecret } from '../../src/clients/operations/rotate-client-secret';
import { SetClientState } from '../../src/clients/operations/set-client-state';
import { UpdateClient } from '../../src/clients/operations/update-client';
import { CacheVersions } from '../../src/database/cache-versions.service';
import { AccessTokensService } from '../../src/tokens/access-tokens.service';
import { TokenIssuer } from '../../src/tokens/token-issuer';
import { CreateIssuer } from '../../src/trusted-issuers/operations/create-issuer';
import { DeleteIssuer } from '../../src/trusted-issuers/operations/delete-issuer';
import { UpdateIssuer } from '../../src/trusted-issuers/operations/update-issuer';
import type { Answer } from '../support/browser';
import { assertionClaims, assertionParameters, clientKey, signed } from '../support/client-jwts';
import { engines } from '../support/engines';
import { spendTwice, type Spend } from '../support/interleave';
import { basic, post, startProvider, type TestProvider } from '../support/provider';
import { addResource } from '../support/resources';
import { obtainTokens, type Registered } from '../support/tokens';

jest.setTimeout(120_000);

const machine: Partial<ClientDraft> = {
  grantTypes: ['client_credentials'],
  redirectUris: [],
  scope: ['read'],
  serviceAccount: true,
};

const forgetIssuers = statement(
  'test.forget_issuers',
  'UPDATE grants SET trusted_issuer_id = NULL WHERE client_id = $1',
);

/** What a client gets by no grant of its own ends with its credentials, also what it asks for at that moment. */
describe.each(engines)('a token request while the client changes, on %s', (_name, engineOf) => {
  const engine = engineOf();
  let provider: TestProvider;
  /** Another process on the same database. */
  let second: TestProvider;
  beforeAll(async () => {
    await engine.start();
    const databaseUrl = await engine.migratedUrl();
    provider = await startProvider({ databaseUrl });
    const env = { GATEHOUSE_SECRET_KEY: provider.secretKey, GATEHOUSE_ISSUER: provider.issuer };
    second = await startProvider({ databaseUrl, env, clock: provider.clock });
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(async () => {
    await second.close();
    await provider.close();
    await engine.stop();
  });

  const ask = (at: TestProvider, fields: Readonly<Record<string, string>>, as?: Registered): Promise<Answer> =>
    post(`${at.base}/oauth/token`, fields, as && { Authorization: basic(as.client, as.secret) });
  const askForItself = (at: TestProvider, as: Registered): Promise<Answer> =>
    ask(at, { grant_type: 'client_credentials', scope: 'read' }, as);

  async function owned(): Promise<Registered> {
    const { id: ownerId } = await provider.addUser({ roles: ['developer'] });
    return provider.addClient({ ...machine, ownerId });
  }

  /** @returns the new secret */
  async function handOver({ client: { id, serviceAccount } }: Registered): Promise<string> {
    const { id: ownerId } = await provider.addUser({ roles: ['developer'] });
    const { secret } = await provider.execute(UpdateClient, { id, properties: { ownerId, serviceAccount } });
    return secret ?? '';
  }

  async function liveTokens({ client }: Registered): Promise<number> {
    const query = { clientId: client.id, limit: 10 };
    return (await provider.app.get(AccessTokensService).list(query, provider.clock.now())).tokens.length;
  }

  /** Between the signing of the next tokens of this process and their storing. */
  function beforeStoring(at: TestProvider, act: () => Promise<unknown>): void {
    const issuer = at.app.get(TokenIssuer, { strict: false });
    const prepare = issuer.prepare.bind(issuer);
    jest.spyOn(issuer, 'prepare').mockImplementationOnce(async (...args) => {
      const prepared = await prepare(...args);
      await act();
      return prepared;
    });
  }

  /** The process does not learn of changes that others make. */
  function hearsNothing(at: TestProvider): void {
    jest.spyOn(at.app.get(CacheVersions), 'refresh').mockResolvedValue(undefined);
  }

  it.each(['the same', 'another'])('leaves a former owner no token, handed over at %s process', async (where) => {
    const at = where === 'another' ? second : provider;
    const client = await owned();
    beforeStoring(at, () => handOver(client));
    const answer = await askForItself(at, client);
    expect([answer.status, answer.json()['error']]).toEqual([401, 'invalid_client']);
    expect(await liveTokens(client)).toBe(0);
  });

  it('gives none for the old secret, and one for the new one, where a process has not learned of it', async () => {
    const client = await owned();
    hearsNothing(second);
    expect((await askForItself(second, client)).status).toBe(200);
    const secret = await handOver(client);
    expect((await askForItself(second, client)).status).toBe(401);
    expect(await liveTokens(client)).toBe(0);
    expect((await askForItself(second, { ...client, secret })).status).toBe(200);
    expect(await liveTokens(client)).toBe(1);
  });

  it('takes the new secret first where a process has not learned of it', async () => {
    const client = await owned();
    hearsNothing(second);
    expect((await askForItself(second, client)).status).toBe(200);
    const secret = await handOver(client);
    expect((await askForItself(second, { ...client, secret })).status).toBe(200);
    expect(await liveTokens(client)).toBe(1);
  });

  const ends: Readonly<Record<string, (client: Registered) => Promise<unknown>>> = {
    disabled: ({ client: { id } }) => provider.execute(SetClientState, { id, decision: 'disable' }),
    limited: ({ client: { id } }) => provider.execute(SetClientState, { id, decision: 'restrict' }),
    deleted: ({ client: { id } }) => provider.execute(DeleteClient, { id }),
    'given another secret at once': ({ client: { id } }) =>
      provider.execute(RotateClientSecret, { id, overlapSeconds: 0 }),
    'registered for other credentials': ({ client: { id } }) => {
      const jwks = { keys: [clientKey('ES256').publicJwk] };
      return provider.execute(UpdateClient, { id, properties: { authMethod: 'private_key_jwt', jwks } });
    },
  };
  it.each(Object.keys(ends))('leaves no token to a client that is %s', async (how) => {
    const client = await provider.addClient(machine);
    beforeStoring(second, async () => ends[how]?.(client));
    expect((await askForItself(second, client)).json()).toHaveProperty('error');
    expect(await liveTokens(client)).toBe(0);
  });

  it('goes on where a secret is replaced that stays valid for a while', async () => {
    const client = await provider.addClient(machine);
    beforeStoring(second, () => provider.execute(RotateClientSecret, { id: client.client.id, overlapSeconds: 60 }));
    expect((await askForItself(second, client)).status).toBe(200);
    expect(await liveTokens(client)).toBe(1);
  });

  it('rejects a client assertion, which is good for one request (RFC 7523 3)', async () => {
    const [old, fresh] = [clientKey('ES256'), clientKey('ES256')];
    const draft = { ...machine, authMethod: 'private_key_jwt', jwks: { keys: [old.publicJwk] } };
    const client = await provider.addClient(draft);
    const { id } = client.client;
    const properties = { jwks: { keys: [fresh.publicJwk] } };
    beforeStoring(provider, () => provider.execute(UpdateClient, { id, properties }));
    const assertion = await signed(old, assertionClaims(provider, client.client));
    const answer = await ask(provider, { grant_type: 'client_credentials', ...assertionParameters(assertion) });
    expect([answer.status, answer.json()['error']]).toEqual([401, 'invalid_client']);
    expect(await liveTokens(client)).toBe(0);
    await provider.app.get(FailedRequests).flush();
    const { failedRequests: refusals } = await provider.app.get(FailedRequests).list({ clientId: id, limit: 1 });
    expect(refusals[0]?.reason).toBe('client_auth.changed');
  });

  it('leaves a former owner no token by exchange of another client’s (RFC 8693)', async () => {
    const [front, back] = [`urn:front-${randomUUID()}`, `urn:back-${randomUUID()}`];
    const api = await addResource(provider, { identifier: front });
    await addResource(provider, { identifier: back });
    const { id } = api.client;
    const { id: ownerId } = await provider.addUser({ roles: ['developer'] });
    const properties = {
      ownerId,
      grantTypes: [tokenExchangeGrant],
      scope: ['read'],
      tokenExchange: [{ resource: back, mode: 'delegation' } as const],
    };
    const { secret } = await provider.execute(UpdateClient, { id, properties });
    const exchanger = { client: api.client, secret: secret ?? api.secret };
    const app = await provider.addClient({ scope: ['openid', 'read'] });
    const browser = await provider.logIn(await provider.addUser());
    const subject = await obtainTokens(provider, browser, app, { scope: 'openid read', resource: front });
    const fields = {
      grant_type: tokenExchangeGrant,
      subject_token: subject.access_token,
      subject_token_type: accessTokenType,
      resource: back,
    };
    expect((await ask(provider, fields, exchanger)).status).toBe(200);
    expect(await liveTokens(exchanger)).toBe(1);
    beforeStoring(second, () => handOver(exchanger));
    expect((await ask(second, fields, exchanger)).status).toBe(401);
    expect(await liveTokens(exchanger)).toBe(0);
  });

  describe('by an assertion of another issuer (RFC 7523 2.1)', () => {
    /** A client, an issuer whose assertions it may present, and a request with one of them. */
    async function assertions(draft: Partial<ClientDraft> = {}) {
      const key = clientKey('ES256');
      const iss = `https://${randomUUID()}.example`;
      const grantTypes = [jwtBearerGrant];
      const client = await provider.addClient({ grantTypes, redirectUris: [], scope: ['read'], ...draft });
      const { username } = await provider.addUser();
      const trusted = {
        issuer: iss,
        name: iss,
        subject: 'username',
        clients: [client.client.id],
        scope: ['read'],
        jwks: { keys: [key.publicJwk] },
      };
      const { id: issuerId } = await provider.execute(CreateIssuer, trusted);
      await second.app.get(CacheVersions).refresh();
      const present = async (at: TestProvider): Promise<Answer> => {
        const exp = provider.clock.now() + 60;
        const assertion = await signed(key, { iss, sub: username, aud: provider.issuer, exp, jti: randomUUID() });
        return ask(at, { grant_type: jwtBearerGrant, assertion }, client);
      };
      const update = (draft: Partial<typeof trusted>): Promise<unknown> =>
        provider.execute(UpdateIssuer, { id: issuerId, draft: { ...trusted, ...draft } });
      return { client, issuerId, key, present, update };
    }
    type Assertions = Awaited<ReturnType<typeof assertions>>;

    const otherKey = clientKey('PS256').publicJwk;
    const narrowed: Readonly<Record<string, (of: Assertions) => Promise<unknown>>> = {
      'its keys are replaced': ({ update }) => update({ jwks: { keys: [otherKey] } }),
      'it is another server': ({ update }) => update({ issuer: `https://${randomUUID()}.example` }),
      'the client may not present its assertions any more': async ({ update }) =>
        update({ clients: [(await provider.addClient(machine)).client.id] }),
    };

    it('leaves a disabled client none', async () => {
      const { client, present } = await assertions();
      beforeStoring(second, () => provider.execute(SetClientState, { id: client.client.id, decision: 'disable' }));
      expect((await present(second)).status).toBe(401);
      expect(await liveTokens(client)).toBe(0);
    });

    it('leaves a former owner none, and users what they allowed', async () => {
      const { id: ownerId } = await provider.addUser({ roles: ['developer'] });
      const { client, present } = await assertions({
        ownerId,
        grantTypes: [jwtBearerGrant, 'authorization_code'],
        redirectUris: ['https://client.test/cb'],
        scope: ['openid', 'read'],
      });
      await obtainTokens(provider, await provider.logIn(await provider.addUser()), client, { scope: 'openid' });
      expect((await present(second)).status).toBe(200);
      expect(await liveTokens(client)).toBe(2);
      await handOver(client);
      expect(await liveTokens(client)).toBe(1);
    });

    it('ends with the client’s own tokens also where its issuer was not recorded, before an upgrade', async () => {
      const { client, present } = await assertions();
      expect((await present(second)).status).toBe(200);
      const { id } = client.client;
      await provider.store.run((unit) => unit.change(forgetIssuers, id));
      await provider.store.run((unit) => provider.app.get(ClientsService).endOwnTokens(unit, id, provider.clock.now()));
      expect(await liveTokens(client)).toBe(0);
    });

    it('ends with the issuer, and not with another one', async () => {
      const [one, other] = [await assertions(), await assertions()];
      expect([(await one.present(second)).status, (await other.present(second)).status]).toEqual([200, 200]);
      await provider.execute(DeleteIssuer, { id: one.issuerId });
      expect([await liveTokens(one.client), await liveTokens(other.client)]).toEqual([0, 1]);
    });

    it.each(Object.keys(narrowed))('ends with the trust in the issuer: %s', async (how) => {
      const [one, other] = [await assertions(), await assertions()];
      expect([(await one.present(second)).status, (await other.present(second)).status]).toEqual([200, 200]);
      await narrowed[how]?.(one);
      expect([await liveTokens(one.client), await liveTokens(other.client)]).toEqual([0, 1]);
    });

    it('goes on where the issuer is renamed, gets another key, and where another client is removed', async () => {
      const { client, key, present, update } = await assertions();
      const { client: another } = await provider.addClient(machine);
      await update({ name: 'Renamed', clients: [client.client.id, another.id] });
      await second.app.get(CacheVersions).refresh();
      expect((await present(second)).status).toBe(200);
      await update({ jwks: { keys: [key.publicJwk, otherKey] } });
      expect(await liveTokens(client)).toBe(1);
    });

    it.each(Object.keys(narrowed))('gives none at that moment: %s', async (how) => {
      const of = await assertions();
      beforeStoring(second, async () => narrowed[how]?.(of));
      expect((await of.present(second)).json()).toMatchObject({ error: 'invalid_grant' });
      expect(await liveTokens(of.client)).toBe(0);
    });

    it('gives none where the issuer is deleted at that moment', async () => {
      const { client, issuerId, present } = await assertions();
      beforeStoring(second, () => provider.execute(DeleteIssuer, { id: issuerId }));
      expect((await present(second)).json()).toMatchObject({ error: 'invalid_grant' });
      expect(await liveTokens(client)).toBe(0);
    });
  });

  describe('in units of work that overlap', () => {
    async function units(): Promise<{ client: Registered; ending: Spend; storing: Spend }> {
      const client = await provider.addClient(machine);
      const now = provider.clock.now();
      const clients = provider.app.get(ClientsService);
      const issuer = provider.app.get(TokenIssuer, { strict: false });
      const { id } = client.client;
      const authority = { clientId: id, userId: undefined, grant: undefined, scope: ['read'], mayRefresh: false };
      const prepared = await issuer.prepare(authority, client.client, now);
      const { credentialsVersion } = (await clients.findVersioned(id)) ?? {};
      return {
        client,
        ending: (unit) => clients.endOwnTokens(unit, id, now),
        storing: (unit) => issuer.store(unit, prepared, { now, credentialsVersion }),
      };
    }

    it('rejects to store a token after the client was handed over', async () => {
      const { client, ending, storing } = await units();
      expect(await spendTwice(provider, [ending, storing])).toEqual(['spent', 'refused']);
      expect(await liveTokens(client)).toBe(0);
    });

    it('revokes the token that was stored before', async () => {
      const { client, ending, storing } = await units();
      expect(await spendTwice(provider, [storing, ending])).toEqual(['spent', 'spent']);
      expect(await liveTokens(client)).toBe(0);
    });
  });
});
