import type { Client, ClientDraft } from '@gatehouse/domain/oauth';
import { Browser, type Answer } from './browser';
import { clientKey } from './client-jwts';
import { answerOf, authorizationRequest, authorizeUrl, startProvider, type TestProvider } from './provider';

export type Claims = Readonly<Record<string, unknown>>;
export type Overrides = Readonly<Record<string, string | undefined>>;

/** A provider with a person who is signed in, and what request objects are sent with. Call it once in a spec. */
export function useRequestObjects() {
  const key = clientKey('ES256');
  let provider: TestProvider;
  let browser: Browser;
  beforeAll(async () => {
    provider = await startProvider({ env: { GATEHOUSE_OUTBOUND_ALLOW: '127.0.0.1' } });
    browser = await provider.logIn(await provider.addUser());
  });
  afterAll(() => provider.close());

  const add = (draft: Partial<ClientDraft> = {}) =>
    provider.addClient({
      consentRequired: false,
      jwks: { keys: [key.publicJwk] },
      redirectUris: ['https://client.test/callback', 'https://client.test/other'],
      grantTypes: ['authorization_code', 'implicit'],
      responseTypes: ['code', 'id_token', 'code id_token'],
      ...draft,
    });

  /** The claims of a request object that is right in everything, its parameters those of a usual request. */
  const objectOf = (client: Client, claims: Claims = {}): Claims => ({
    iss: client.id,
    aud: provider.issuer,
    exp: provider.clock.now() + 60,
    ...authorizationRequest(client).parameters,
    state: 'inner-state',
    ...claims,
  });

  /** What OpenID Connect Core 6.1 wants in the query beside a request object. */
  const query = (client: Client, overrides: Overrides = {}): Overrides => ({
    client_id: client.id,
    response_type: 'code',
    scope: 'openid',
    redirect_uri: client.redirectUris[0],
    state: 'outer-state',
    ...overrides,
  });

  const ask = (parameters: Overrides): Promise<Answer> => browser.open(authorizeUrl(provider, parameters));

  async function askWith(client: Client, request: string, overrides: Overrides = {}): Promise<URLSearchParams> {
    return answerOf(await ask(query(client, { request, ...overrides })));
  }

  return { key, provider: () => provider, browser: () => browser, add, objectOf, query, ask, askWith };
}
