import { deviceCodeGrant } from '@gatehouse/domain/oauth';
import { clientKey, signed } from '../support/client-jwts';
import { sendPush } from '../support/par';
import {
  answerOf,
  authorizationRequest,
  authorize,
  authorizeUrl,
  post,
  redeem,
  startProvider,
  type TestProvider,
} from '../support/provider';

const details = { authorization_details: JSON.stringify([{ type: 'payment_initiation' }]) };

describe('authorization_details, which is not supported (RFC 9396 5)', () => {
  let provider: TestProvider;
  beforeAll(async () => (provider = await startProvider()));
  afterAll(() => provider.close());

  it('is rejected at the authorization endpoint, in a request object too', async () => {
    const key = clientKey('ES256');
    const { client } = await provider.addClient({ jwks: { keys: [key.publicJwk] }, requestObjectSigningAlg: 'ES256' });
    const browser = await provider.logIn(await provider.addUser());
    const { parameters } = authorizationRequest(client);
    const request = await signed(key, {
      ...parameters,
      iss: client.id,
      aud: provider.issuer,
      authorization_details: [{ type: 'payment_initiation' }],
    });
    for (const more of [details, { request }]) {
      const answer = answerOf(await browser.open(authorizeUrl(provider, { ...parameters, ...more })));
      expect(answer.get('error')).toBe('invalid_authorization_details');
      expect(answer.get('state')).toBe('some-state');
    }
  });

  it('is rejected at the pushed authorization request endpoint', async () => {
    const registered = await provider.addClient();
    const answer = await sendPush(provider, registered, {
      ...authorizationRequest(registered.client).parameters,
      ...details,
    });
    expect([answer.status, answer.json()['error']]).toEqual([400, 'invalid_authorization_details']);
  });

  it('is rejected at the token endpoint, and does not consume the code (RFC 9396 6.1)', async () => {
    const registered = await provider.addClient();
    const browser = await provider.logIn(await provider.addUser());
    const { code, verifier } = await authorize(provider, browser, registered.client);
    const refused = await redeem(provider, registered, code, verifier, details);
    expect([refused.status, refused.json()['error']]).toEqual([400, 'invalid_authorization_details']);
    expect((await redeem(provider, registered, code, verifier)).status).toBe(200);
  });

  it('is rejected at the device authorization endpoint', async () => {
    const { client } = await provider.addClient({
      type: 'public',
      authMethod: 'none',
      redirectUris: [],
      grantTypes: [deviceCodeGrant],
    });
    const answer = await post(`${provider.base}/oauth/device`, { client_id: client.id, scope: 'openid', ...details });
    expect([answer.status, answer.json()['error']]).toEqual([400, 'invalid_authorization_details']);
  });
});
