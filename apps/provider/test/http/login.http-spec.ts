import { Browser } from '../support/browser';
import {
  answerOf,
  authorizationRequest,
  authorizeUrl,
  redeem,
  startProvider,
  type TestProvider,
} from '../support/provider';

describe.each([true, false])('a login, with direct dispatch: %s,', (dispatchDirectly) => {
  let provider: TestProvider;
  beforeAll(async () => (provider = await startProvider({ dispatchDirectly })));
  afterAll(() => provider.close());

  it('goes from the client through login and consent back to the client with a code that gives tokens', async () => {
    const user = await provider.addUser({ username: 'ada', name: 'Ada Lovelace' });
    const registered = await provider.addClient();
    const browser = new Browser();
    const { parameters, proof } = authorizationRequest(registered.client, { scope: 'openid profile' });

    const login = await browser.open(authorizeUrl(provider, parameters));
    expect(login.status).toBe(200);
    expect(browser.address).toContain('/login?request=');
    expect(login.text).toContain('Test client');

    const consent = await browser.submit({ username: 'ada', password: user.password });
    expect(browser.address).toContain('/consent?request=');
    expect(consent.text).toContain('Test client');
    expect(consent.text).toContain('ada');

    const answer = answerOf(await browser.submit({ confirm: 'yes' }));
    expect(answer.get('state')).toBe('some-state');
    expect(answer.get('iss')).toBe(provider.issuer);

    const tokens = await redeem(provider, registered, answer.get('code') ?? '', proof.verifier);
    expect(tokens.status).toBe(200);
    expect(tokens.headers['cache-control']).toBe('no-store');
    const { access_token: accessToken, token_type: type, id_token: idToken } = tokens.json<Record<string, string>>();
    expect(type).toBe('Bearer');
    const claims = JSON.parse(Buffer.from(idToken?.split('.')[1] ?? '', 'base64url').toString()) as Record<
      string,
      unknown
    >;
    expect(claims).toMatchObject({
      iss: provider.issuer,
      sub: user.id,
      aud: registered.client.id,
      nonce: 'some-nonce',
    });

    const me = await browser.send(`${provider.issuer}/api/me`, { headers: { Authorization: `Bearer ${accessToken}` } });
    expect(me.json()).toEqual({ username: 'ada' });
  });
});
