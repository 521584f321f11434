import { tokenExchangeGrant } from '@gatehouse/domain/oauth';
import { ClientsService } from '../../src/clients/clients.service';
import { send } from '../support/browser';
import {
  answerOf,
  authorizationRequest,
  authorize,
  authorizeUrl,
  redeem,
  startProvider,
  type TestProvider,
} from '../support/provider';
import { configuration, metadataOf, registered, type RegisteredClient } from '../support/registration';
import { changeClient } from '../support/client-changes';
import { SetClientState } from '../../src/clients/operations/set-client-state';
import { UpdateClient } from '../../src/clients/operations/update-client';

describe('the rights and the approval of a client that changes itself (RFC 7592 2.2)', () => {
  let provider: TestProvider;
  beforeAll(async () => {
    provider = await startProvider({ env: { GATEHOUSE_REGISTRATION: 'open', GATEHOUSE_THROTTLE: 'off' } });
    // Libraries check instants against the clock on the wall.
    provider.clock.advance(Math.floor(Date.now() / 1000) - provider.clock.now());
  });
  afterAll(() => provider.close());
  const clients = () => provider.app.get(ClientsService);

  it('an update does not remove a second factor that an administrator requires', async () => {
    const made = await registered(provider);
    await changeClient(provider, made.client_id, { secondFactorRequired: true });
    expect((await configuration(made, 'PUT', { metadata: metadataOf(made) })).status).toBe(200);
    expect(await clients().findFresh(made.client_id)).toMatchObject({ secondFactorRequired: true });
  });

  it('does not widen the scopes of a client that an administrator lets act for itself', async () => {
    const made = await registered(provider, { scope: 'openid profile' });
    await changeClient(provider, made.client_id, { serviceAccount: true });
    const wider = await configuration(made, 'PUT', {
      metadata: { ...metadataOf(made), scope: 'openid profile email' },
    });
    expect([wider.status, wider.json()['error']]).toEqual([400, 'invalid_client_metadata']);
    expect((await configuration(made, 'PUT', { metadata: metadataOf(made) })).status).toBe(200);
    expect(await clients().findFresh(made.client_id)).toMatchObject({
      serviceAccount: true,
      scope: ['openid', 'profile'],
    });
  });

  describe('an update that makes it another client for people', () => {
    const redirectUri = 'https://client.test/cb';
    const setUp = async () => {
      const made = await registered(provider, { client_name: 'Reader', scope: 'openid offline_access' });
      const client = await clients().findFresh(made.client_id);
      if (!client) throw new Error('the client is there');
      const browser = await provider.logIn(await provider.addUser());
      const { code, verifier } = await authorize(provider, browser, client, { redirect_uri: redirectUri });
      const redeemed = await redeem(provider, { client, secret: made.client_secret ?? '' }, code, verifier);
      const token = redeemed.json<{ access_token: string }>().access_token;
      const silently = async (): Promise<string> => {
        const { parameters } = authorizationRequest(client, { redirect_uri: redirectUri, prompt: 'none' });
        const answer = answerOf(await browser.open(authorizeUrl(provider, parameters)));
        return answer.get('error') ?? (answer.has('code') ? 'code' : 'nothing');
      };
      const use = async (): Promise<number> =>
        (await send(`${provider.base}/oauth/userinfo`, { headers: { Authorization: `Bearer ${token}` } })).status;
      const update = async (change: object): Promise<void> => {
        const answer = await configuration(made, 'PUT', { metadata: { ...metadataOf(made), ...change } });
        expect(answer.status).toBe(200);
      };
      return { made, client, browser, silently, use, update };
    };

    it.each([
      ['its name', { client_name: 'Your bank' }],
      ['a redirect host', { redirect_uris: [redirectUri, 'https://elsewhere.test/cb'] }],
      ['its logo', { logo_uri: 'https://client.test/logo.png' }],
      ['its website', { client_uri: 'https://client.test/' }],
    ])('ends what people allowed it, and its tokens: %s', async (_name, change) => {
      const { silently, use, update } = await setUp();
      expect([await silently(), await use()]).toEqual(['code', 200]);
      await update(change);
      expect([await silently(), await use()]).toEqual(['consent_required', 401]);
    });

    it('is none where it changes anything else', async () => {
      const { silently, use, update } = await setUp();
      await update({ contacts: ['ada@client.test'], redirect_uris: [redirectUri, 'https://client.test/other'] });
      expect([await silently(), await use()]).toEqual(['code', 200]);
    });

    it('ends it too where an administrator had approved the client before, whose approval goes with it', async () => {
      const { made, silently, use, update } = await setUp();
      await provider.execute(SetClientState, { id: made.client_id, decision: 'approve' });
      await update({ client_name: 'Your bank' });
      expect([await silently(), await use()]).toEqual(['consent_required', 401]);
    });

    it('ends nothing where an administrator makes the change to a client that stays approved', async () => {
      const { made, silently, use } = await setUp();
      await provider.execute(SetClientState, { id: made.client_id, decision: 'approve' });
      await provider.execute(UpdateClient, { id: made.client_id, properties: { name: 'Reader 2' } });
      expect([await silently(), await use()]).toEqual(['code', 200]);
    });

    it('is not allowed anything by a page that showed the client as it was', async () => {
      const { client, browser, update } = await setUp();
      const { parameters } = authorizationRequest(client, { redirect_uri: redirectUri, prompt: 'consent' });
      await browser.open(authorizeUrl(provider, parameters));
      await update({ client_name: 'Your bank' });
      const again = await browser.submit({ confirm: 'yes' });
      expect(again.status).toBe(409);
      expect(again.text).toContain('Your bank');
      expect(again.text).toContain('has changed since the page was opened');
      expect(answerOf(await browser.submit({ confirm: 'yes' })).has('code')).toBe(true);
    });
  });

  it('does not take rights that an administrator gave to another name or address', async () => {
    const clients = provider.app.get(ClientsService);
    for (const rights of [
      { serviceAccount: true },
      {
        tokenExchange: [{ resource: 'urn:rights', mode: 'impersonation' }],
        grantTypes: ['authorization_code', tokenExchangeGrant],
      },
    ] as const) {
      const made = await registered(provider, { client_name: 'Honest' });
      await changeClient(provider, made.client_id, { ...rights, approvedAt: provider.clock.now() });
      const turned = {
        ...metadataOf(made),
        client_name: 'Your Bank',
        redirect_uris: ['https://evil.test/cb'],
        ...('grantTypes' in rights ? { grant_types: rights.grantTypes } : {}),
      };
      const answer = await configuration(made, 'PUT', { metadata: turned });
      expect([answer.status, answer.text]).toEqual([
        400,
        expect.stringContaining('Only an administrator can change them'),
      ]);
      const kept = await clients.findFresh(made.client_id);
      expect(kept).toMatchObject({ name: 'Honest', ...('serviceAccount' in rights ? rights : {}) });
    }
  });

  it('keeps an approval while people read the same and go to the same places, and no longer', async () => {
    const made = await registered(provider, { client_name: 'Checked' });
    await provider.execute(SetClientState, { id: made.client_id, decision: 'approve' });
    const same = (
      await configuration(made, 'PUT', { metadata: { ...metadataOf(made), contacts: ['ops@client.test'] } })
    ).json<RegisteredClient>();
    expect((await clients().findFresh(made.client_id))?.approvedAt).toBeDefined();
    await configuration(same, 'PUT', {
      metadata: { ...metadataOf(same), redirect_uris: ['https://client.test/cb', 'https://evil.test/cb'] },
    });
    expect((await clients().findFresh(made.client_id))?.approvedAt).toBeUndefined();
  });

  it.each([
    ['post_logout_redirect_uris', ['https://evil.test/bye']],
    ['initiate_login_uri', 'https://evil.test/begin'],
  ])('forgets an approval where people would be sent elsewhere by %s', async (member, value) => {
    const made = await registered(provider, { client_name: 'Checked' });
    await provider.execute(SetClientState, { id: made.client_id, decision: 'approve' });
    const answer = await configuration(made, 'PUT', { metadata: { ...metadataOf(made), [member]: value } });
    expect(answer.status).toBe(200);
    expect((await clients().findFresh(made.client_id))?.approvedAt).toBeUndefined();
  });

  it.each([
    ['dpop_bound_access_tokens', { dpopBoundAccessTokens: true }],
    ['require_pushed_authorization_requests', { requirePushedAuthorizationRequests: true }],
    ['require_signed_request_object', { requireSignedRequestObject: true }],
    ['refresh_token_rotation', { refreshTokenRotation: 'always' }],
  ] as const)('ends an approval by an update that leaves out %s', async (member, hardened) => {
    const made = await registered(provider, { client_name: 'Checked' });
    const [[, value] = []] = Object.entries(hardened);
    const harden = async (rights: object): Promise<void> => {
      await changeClient(provider, made.client_id, { ...hardened, ...rights, approvedAt: provider.clock.now() });
    };
    await harden({});
    const kept = (
      await configuration(made, 'PUT', { metadata: { ...metadataOf(made), [member]: value } })
    ).json<RegisteredClient>();
    expect((await clients().findFresh(made.client_id))?.approvedAt).toBeDefined();
    const { [member]: _left, ...without } = metadataOf(kept);
    const loosened = (await configuration(kept, 'PUT', { metadata: without })).json<RegisteredClient>();
    expect((await clients().findFresh(made.client_id))?.approvedAt).toBeUndefined();
    // With rights that an administrator gave, it is rejected: they were given to the restricted client.
    await harden({ consentRequired: false });
    const refused = await configuration(loosened, 'PUT', { metadata: without });
    expect([refused.status, refused.json()['error']]).toEqual([400, 'invalid_client_metadata']);
    expect(refused.json()['error_description']).toContain(member);
    expect(await clients().findFresh(made.client_id)).toMatchObject(hardened);
  });

  it('does not extend the scopes of a client without consent', async () => {
    const made = await registered(provider, { scope: 'openid' });
    await changeClient(provider, made.client_id, { consentRequired: false });
    const wider = await configuration(made, 'PUT', { metadata: { ...metadataOf(made), scope: 'openid email' } });
    expect([wider.status, wider.json()['error']]).toEqual([400, 'invalid_client_metadata']);
    expect((await configuration(made, 'PUT', { metadata: metadataOf(made) })).status).toBe(200);
    expect(await clients().findFresh(made.client_id)).toMatchObject({ consentRequired: false, scope: ['openid'] });
  });

  it('changes neither name nor addresses of a client that an administrator trusts without consent', async () => {
    const made = await registered(provider, { client_name: 'Trusted' });
    await changeClient(provider, made.client_id, {
      consentRequired: false,
      secondFactorRequired: true,
      scope: ['openid', 'roles'],
    });
    const answer = await configuration(made, 'PUT', {
      metadata: { ...metadataOf(made), scope: 'openid roles', redirect_uris: ['https://evil.test/cb'] },
    });
    expect([answer.status, answer.json()['error']]).toEqual([400, 'invalid_redirect_uri']);
    const kept = await configuration(made, 'PUT', { metadata: { ...metadataOf(made), scope: 'openid roles' } });
    expect(kept.status).toBe(200);
    expect(await clients().findFresh(made.client_id)).toMatchObject({
      consentRequired: false,
      secondFactorRequired: true,
      scope: ['openid', 'roles'],
    });
  });
});
