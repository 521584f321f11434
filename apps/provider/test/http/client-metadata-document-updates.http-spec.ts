import { tokenExchangeGrant, type Client, type ClientDraft } from '@gatehouse/domain/oauth';
import { statement } from '@gatehouse/platform/database/store';
import { ClientsService } from '../../src/clients/clients.service';
import { send, type Answer } from '../support/browser';
import { clientKey } from '../support/client-jwts';
import { startDocumentServer, type DocumentServer } from '../support/document-server';
import { eventually } from '../support/eventually';
import { authorizationRequest, authorizeUrl, startProvider, type TestProvider } from '../support/provider';
import { changeClient } from '../support/client-changes';
import { SetClientState } from '../../src/clients/operations/set-client-state';

const redirectUri = 'https://app.test/callback';
const hour = 3600;
const updates = statement(
  'test.client_updates',
  `SELECT COUNT(*) AS n FROM audit_events WHERE type = 'client.updated' AND client_id = $1`,
);
/** What a FAPI client needs, apart from what its profile sets. */
const keyed = {
  token_endpoint_auth_method: 'private_key_jwt',
  jwks: { keys: [clientKey('ES256').publicJwk] },
  id_token_signed_response_alg: 'ES256',
};

describe('an update of a client by its metadata document', () => {
  let documents: DocumentServer;
  let provider: TestProvider;
  let number = 0;
  beforeAll(async () => {
    documents = await startDocumentServer(redirectUri);
  });
  beforeEach(async () => {
    provider = await startProvider({
      env: { GATEHOUSE_CLIENT_METADATA_DOCUMENTS: 'open', GATEHOUSE_OUTBOUND_ALLOW: '127.0.0.0/8' },
    });
    documents.answer = undefined;
    documents.headers = {};
    documents.says = {};
  });
  afterEach(() => provider.close());
  afterAll(() => documents.close());

  const newId = (): string => `${documents.origin}/client-${++number}.json`;
  const open = (id: string, localAddress = '127.0.0.1'): Promise<Answer> => {
    const { parameters } = authorizationRequest({ id, redirectUris: [redirectUri] } as unknown as Client);
    return send(authorizeUrl(provider, parameters), { localAddress });
  };
  const clients = (): ClientsService => provider.app.get(ClientsService);
  const stored = async (id: string): Promise<Client> => {
    const client = await clients().findFresh(id);
    if (!client) throw new Error('the client is there');
    return client;
  };
  const set = async (id: string, change: Partial<ClientDraft>): Promise<void> => {
    await changeClient(provider, id, change);
  };
  const updatesOf = async (id: string): Promise<number> =>
    Number((await provider.store.one<{ n: number | string }>(updates, id))?.n);

  /** Opens the client while its document takes long, and lets the document arrive after what is done in the meantime. */
  async function openSlowly(id: string, meanwhile: () => Promise<unknown>): Promise<Answer> {
    const waiting: (() => void)[] = [];
    documents.answer = (request, response) =>
      void waiting.push(() => {
        response.writeHead(200, { 'Content-Type': 'application/json' });
        const plain = { client_name: 'An agent', redirect_uris: [redirectUri], token_endpoint_auth_method: 'none' };
        response.end(
          JSON.stringify({ client_id: documents.origin + (request.url ?? ''), ...plain, ...documents.says }),
        );
      });
    const pending = open(id);
    expect(
      await eventually(
        () => Promise.resolve(waiting.length),
        (n) => n === 1,
      ),
    ).toBe(1);
    await meanwhile();
    for (const end of waiting) end();
    return pending;
  }

  it.each([
    ['changed', { software_version: '2' }],
    ['unchanged', {}],
  ])('keeps the security profile that an administrator sets while the document loads, %s', async (_how, change) => {
    const id = newId();
    documents.says = keyed;
    expect((await open(id)).status).toBe(303);
    provider.clock.advance(hour);
    documents.says = { ...keyed, ...change };
    const answer = await openSlowly(id, () =>
      set(id, { securityProfile: 'fapi-2-security', approvedAt: provider.clock.now() }),
    );
    expect((await stored(id)).securityProfile).toBe('fapi-2-security');
    // FAPI 2.0 Security Profile 5.3.2.2: its requests must be pushed, this one too.
    expect(answer.location ?? answer.text).not.toContain('/login');
  });

  it.each([
    ['changed', { software_version: '2' }],
    ['unchanged', {}],
  ])('keeps a ban that an administrator sets while the document loads, %s', async (_how, change) => {
    const id = newId();
    expect((await open(id)).status).toBe(303);
    provider.clock.advance(hour);
    documents.says = change;
    const answer = await openSlowly(id, () => provider.execute(SetClientState, { id, decision: 'disable' }));
    expect(answer.status).toBe(400);
    expect((await stored(id)).disabledAt).toBeDefined();
  });

  it.each([
    ['of a public client', {}],
    ['of a confidential client', keyed],
  ])('writes nothing where the document is unchanged, %s', async (_what, says) => {
    const id = newId();
    documents.says = { ...says, contacts: ['someone@app.test'], scope: 'openid email' };
    expect((await open(id)).status).toBe(303);
    for (let n = 0; n < 3; n++) {
      provider.clock.advance(hour);
      const asked = documents.asked;
      expect((await open(id)).status).toBe(303);
      expect(documents.asked).toBe(asked + 1);
    }
    expect(await updatesOf(id)).toBe(0);
    documents.says = { ...documents.says, contacts: ['other@app.test'] };
    provider.clock.advance(hour);
    expect((await open(id)).status).toBe(303);
    expect(await updatesOf(id)).toBe(1);
  });

  it('ends every right of an administrator when it shows another name, and is stored', async () => {
    const id = newId();
    const grantTypes = ['authorization_code', 'client_credentials', tokenExchangeGrant];
    documents.says = { ...keyed, scope: 'openid', grant_types: ['authorization_code', 'client_credentials'] };
    expect((await open(id)).status).toBe(303);
    await set(id, {
      scope: ['openid', 'roles'],
      defaultScope: ['openid', 'roles'],
      grantTypes,
      tokenExchange: [{ resource: 'https://api.test', mode: 'delegation' }],
      serviceAccount: true,
      consentRequired: false,
      approvedAt: provider.clock.now(),
    });
    documents.says = {
      ...documents.says,
      client_name: 'Another agent',
      scope: 'openid roles',
      grant_types: grantTypes,
    };
    provider.clock.advance(hour);
    expect((await open(id)).status).toBe(303);
    const after = await stored(id);
    expect(after).toMatchObject({
      name: 'Another agent',
      scope: ['openid'],
      defaultScope: ['openid'],
      grantTypes: ['authorization_code', 'client_credentials'],
      tokenExchange: [],
      serviceAccount: false,
      consentRequired: true,
    });
    expect(after.approvedAt).toBeUndefined();
  });

  it.each<[string, Partial<ClientDraft>]>([
    ['dpop_bound_access_tokens', { dpopBoundAccessTokens: true }],
    ['require_pushed_authorization_requests', { requirePushedAuthorizationRequests: true }],
    ['require_signed_request_object', { requireSignedRequestObject: true }],
    ['refresh_token_rotation', { refreshTokenRotation: 'always' }],
  ])('keeps %s of a client that an administrator approved or gave rights', async (member, hardened) => {
    const id = newId();
    documents.says = keyed;
    const [[, value] = []] = Object.entries(hardened);
    const documentsOf = {
      unchanged: keyed,
      naming: { ...keyed, [member]: value },
      dropping: { ...keyed, contacts: ['a@app.test'] },
    };
    expect((await open(id)).status).toBe(303);
    await set(id, { ...hardened, approvedAt: provider.clock.now(), consentRequired: false });
    for (const says of [documentsOf.unchanged, documentsOf.naming, documentsOf.dropping]) {
      documents.says = says;
      provider.clock.advance(hour);
      await open(id);
      expect((await stored(id)).approvedAt).toBeDefined();
      expect(await stored(id)).toMatchObject({ ...hardened, consentRequired: false });
    }
    expect((await stored(id)).contacts).toEqual(['a@app.test']);
  });

  it('drops a restriction of an unapproved client', async () => {
    const id = newId();
    documents.says = { ...keyed, dpop_bound_access_tokens: true };
    await open(id);
    expect((await stored(id)).dpopBoundAccessTokens).toBe(true);
    documents.says = keyed;
    provider.clock.advance(hour);
    await open(id);
    expect((await stored(id)).dpopBoundAccessTokens).not.toBe(true);
  });

  describe('is counted', () => {
    const nameOf = async (id: string): Promise<string> => (await stored(id)).name;
    const rename = async (id: string, name: string, localAddress: string): Promise<string> => {
      documents.says = { client_name: name };
      provider.clock.advance(61);
      expect((await open(id, localAddress)).status).toBe(303);
      return nameOf(id);
    };
    beforeEach(async () => {
      await provider.close();
      provider = await startProvider({
        env: {
          GATEHOUSE_CLIENT_METADATA_DOCUMENTS: 'open',
          GATEHOUSE_OUTBOUND_ALLOW: '127.0.0.0/8',
          GATEHOUSE_REGISTRATION_RATE: '3/3600',
        },
      });
      documents.headers = { 'Cache-Control': 'no-store' };
    });

    it('by the address that asks: past the rate the stored client is served, to others the new one', async () => {
      const other = await startDocumentServer(redirectUri);
      try {
        other.headers = { 'Cache-Control': 'no-store' };
        const [id, otherId] = [newId(), `${other.origin}/client.json`];
        for (const each of [id, otherId]) expect((await open(each)).status).toBe(303);
        for (const name of ['One', 'Two', 'Three']) expect(await rename(id, name, '127.0.0.2')).toBe(name);
        expect(await rename(id, 'Four', '127.0.0.2')).toBe('Three');
        expect(await updatesOf(id)).toBe(3);
        other.says = { client_name: 'New' };
        expect((await open(otherId, '127.0.0.2')).status).toBe(303);
        expect(await nameOf(otherId)).toBe('An agent');
        expect((await open(otherId, '127.0.0.3')).status).toBe(303);
        expect(await nameOf(otherId)).toBe('New');
      } finally {
        await other.close();
      }
    });

    it('by the host of the document, for all requesters', async () => {
      const id = newId();
      expect((await open(id)).status).toBe(303);
      for (const [n, name] of ['One', 'Two', 'Three'].entries())
        expect(await rename(id, name, `127.0.1.${n + 1}`)).toBe(name);
      expect(await rename(id, 'Four', '127.0.1.4')).toBe('Three');
      provider.clock.advance(hour);
      expect(await rename(id, 'Five', '127.0.1.5')).toBe('Five');
    });
  });
});
