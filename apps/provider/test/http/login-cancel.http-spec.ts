import { deviceCodeGrant, type Client } from '@gatehouse/domain/oauth';
import { statement } from '@gatehouse/platform/database/store';
import { Browser, formOf, type Answer } from '../support/browser';
import { addApp, givePassword } from '../support/factors';
import {
  answerOf,
  authorizationRequest,
  authorizeUrl,
  post,
  startProvider,
  type TestProvider,
} from '../support/provider';
import { changeClient } from '../support/client-changes';
import { SetClientState } from '../../src/clients/operations/set-client-state';

/** "Cancel" on the pages of a login: the client gets access_denied (RFC 6749 4.1.2.1). */
describe('Cancel', () => {
  let provider: TestProvider;
  let client: Client;
  beforeAll(async () => {
    provider = await startProvider({ env: { GATEHOUSE_SIGN_UP: 'open', GATEHOUSE_THROTTLE: 'off' } });
    ({ client } = await provider.addClient({ name: 'Shop' }));
  });
  afterAll(() => provider.close());

  async function begin(
    overrides: Readonly<Record<string, string>> = {},
    { browser = new Browser(), of = client } = {},
  ): Promise<Browser> {
    await browser.open(authorizeUrl(provider, authorizationRequest(of, overrides).parameters));
    return browser;
  }
  const offersCancel = (browser: Browser): boolean =>
    formOf(browser.page?.text ?? '', '/login/cancel').action !== undefined;
  const cancel = (browser: Browser, fields: Readonly<Record<string, string>> = {}): Promise<Answer> =>
    browser.submit(fields, { action: '/login/cancel' });
  const denials = async (): Promise<{ actor_id: string | null; client_id: string }[]> =>
    provider.store.all(
      statement('test.denials', `SELECT actor_id, client_id FROM audit_events WHERE type = 'consent.denied'`),
    );
  function expectDenied(answer: Answer): void {
    expect(answer.location).toMatch(/^https:\/\/client\.test\/callback\?/);
    expect(Object.fromEntries(answerOf(answer))).toMatchObject({
      error: 'access_denied',
      state: 'some-state',
      iss: provider.issuer,
    });
    expect(answerOf(answer).has('code')).toBe(false);
  }

  it('sends the person back to the client, signed in or not, and offers the request no longer', async () => {
    const browser = await begin();
    const answer = await cancel(browser);
    expect(answer.status).toBe(303);
    expectDenied(answer);
    expect((await browser.open(`${provider.base}/login`)).text).not.toContain('Continue to');
    const person = await provider.logIn(await provider.addUser());
    await begin({ prompt: 'login' }, { browser: person });
    expectDenied(await cancel(person));
    await begin({ prompt: 'select_account' }, { browser: person });
    expectDenied(await cancel(person));
  });

  it('stands after the one button that signs in, works by keyboard and without JavaScript', async () => {
    const { page } = await begin();
    const text = page?.text ?? '';
    expect(text.match(/<button[^>]*type="submit"/g)).toHaveLength(1);
    const button = /<input[^>]*type="submit"[^>]*value="Cancel"[^>]*>/.exec(text);
    expect(button?.index).toBeGreaterThan(text.search(/<button type="submit"/));
    expect(button?.[0]).not.toMatch(/tabindex|disabled|hidden/);
    // Where the redirect leads is let through by the policy of the page.
    expect(page?.headers['content-security-policy']).toMatch(/form-action 'self' http: https:/);
  });

  it('tells a client nothing more that has its code, or was told already', async () => {
    const person = await provider.addUser();
    const browser = await begin();
    const page = browser.page;
    const address = browser.address;
    await browser.submit({ username: person.username, password: person.password });
    expect(answerOf(await browser.submit({ confirm: 'yes' })).has('code')).toBe(true);
    const before = await denials();
    for (let again = 0; again < 2; again += 1) {
      // The page of before, in another tab or by the back button.
      browser.page = page;
      browser.address = address;
      const answer = await cancel(browser);
      expect([answer.status, answer.location, answer.text]).toEqual([
        expect.any(Number),
        undefined,
        expect.stringContaining('request.expired'),
      ]);
    }
    expect(await denials()).toEqual(before);
  });

  it('answers by the response mode of the request (OAuth 2.0 Form Post Response Mode 2)', async () => {
    const answer = await cancel(await begin({ response_mode: 'form_post' }));
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('action="https://client.test/callback"');
    expect(answer.text).toContain('name="error" value="access_denied"');
  });

  it('redirects to an unapproved client, because the user asked to go back', async () => {
    const { client: unapproved } = await provider.addClient({ source: 'registration' });
    expectDenied(await cancel(await begin({}, { of: unapproved })));
  });

  it('is offered where a client waits, and nowhere else', async () => {
    const browser = new Browser();
    for (const path of ['/login', '/login?next=/account', '/sign-up', '/login?request=gone']) {
      await browser.open(provider.base + path);
      expect([path, offersCancel(browser)]).toEqual([path, false]);
    }
  });

  it('ends a request on the sign-up page', async () => {
    const browser = await begin();
    await browser.open(browser.address.replace('/login?', '/sign-up?'));
    expectDenied(await cancel(browser));
  });

  it('ends a request on the second-factor page, and records who cancelled', async () => {
    const user = await provider.addUser();
    await addApp(provider, await provider.logIn(user));
    const browser = await begin();
    await givePassword(provider, user, browser);
    expect(browser.address).toContain('/login/factor?request=');
    const before = await denials();
    expectDenied(await cancel(browser));
    expect(await denials()).toEqual([...before, { actor_id: user.id, client_id: client.id }]);
  });

  it('stands beside no second way back: where the client demands the factor, declining it is one', async () => {
    const { client: demanding } = await provider.addClient({ secondFactorRequired: true });
    const browser = await begin({}, { browser: await provider.logIn(await provider.addUser()), of: demanding });
    expect(browser.address).toContain('/login/factor?request=');
    expect(offersCancel(browser)).toBe(false);
    const answer = await browser.submit({ action: 'decline' });
    expect(answerOf(answer).get('error')).toBe('unmet_authentication_requirements');
  });

  it('writes nothing that could be repeated without a session', async () => {
    const browser = await begin();
    const page = browser.page;
    const address = browser.address;
    const before = await denials();
    expectDenied(await cancel(browser));
    for (let round = 0; round < 3; round++) {
      Object.assign(browser, { page, address });
      expect((await cancel(browser)).text).toContain('request.expired');
    }
    expect(await denials()).toEqual(before);
  });

  it('is rejected from another origin or without its token, and the interaction continues', async () => {
    const user = await provider.addUser();
    const browser = await begin();
    const { page, address } = browser;
    const forged = await cancel(browser, { csrf: 'forged' });
    expect([forged.status, forged.location]).toEqual([403, undefined]);
    expect(forged.text).toContain('Shop');
    expect(offersCancel(browser)).toBe(true);
    Object.assign(browser, { page, address });
    const foreign = await browser.submit({}, { action: '/login/cancel', headers: { Origin: 'https://evil.test' } });
    expect([foreign.status, foreign.location]).toEqual([403, undefined]);
    Object.assign(browser, { page, address });
    await browser.submit({ username: user.username, password: user.password });
    expect(browser.address).toContain('/consent?request=');
  });

  it('of another browser’s request ends nothing', async () => {
    const [mine, theirs] = [await begin(), await begin()];
    const request = new URL(theirs.address).searchParams.get('request') ?? '';
    const answer = await cancel(mine, { request });
    expect([answer.status, answer.location]).toEqual([200, undefined]);
    expectDenied(await cancel(theirs));
  });

  it('ends at the sign-in page where the address is opened by hand', async () => {
    const browser = new Browser();
    expect((await browser.open(`${provider.base}/login/cancel`)).status).toBe(200);
    expect(browser.address).toBe(`${provider.base}/login`);
  });

  describe('of a request that waited while its client changed', () => {
    const begun = async (browser = new Browser()): Promise<{ browser: Browser; changing: Client }> => {
      const { client: changing } = await provider.addClient();
      return { changing, browser: await begin({}, { of: changing, browser }) };
    };
    async function moveRedirectUri(changing: Client): Promise<void> {
      await changeClient(provider, changing.id, { redirectUris: ['https://new.test/'] });
    }

    it('leads to no address that is registered no longer', async () => {
      const { browser, changing } = await begun();
      await moveRedirectUri(changing);
      const answer = await cancel(browser);
      expect([answer.status, answer.location]).toEqual([400, undefined]);
    });

    it('... nor does the no of the consent page', async () => {
      const { browser, changing } = await begun(await provider.logIn(await provider.addUser()));
      expect(browser.address).toContain('/consent?request=');
      await moveRedirectUri(changing);
      const answer = await browser.submit({ confirm: 'no' });
      expect([answer.status, answer.location]).toEqual([400, undefined]);
    });

    it('leads nowhere where the client is disabled', async () => {
      const { browser, changing } = await begun();
      await provider.execute(SetClientState, { id: changing.id, decision: 'disable' });
      const answer = await cancel(browser);
      expect([answer.status, answer.location]).toEqual([400, undefined]);
    });
  });

  it('denies a device, which learns so at its next poll (RFC 8628 3.5), and is recorded once', async () => {
    const { client: device } = await provider.addClient({
      type: 'public',
      authMethod: 'none',
      redirectUris: [],
      grantTypes: [deviceCodeGrant],
      scope: ['openid'],
    });
    const codes = (await post(`${provider.base}/oauth/device`, { client_id: device.id, scope: 'openid' })).json<
      Record<'user_code' | 'device_code', string>
    >();
    const browser = new Browser();
    await browser.open(`${provider.base}/device`);
    await browser.submit({ user_code: codes.user_code });
    expect(browser.address).toContain('/login?request=');
    const { page, address } = browser;
    expect((await cancel(browser)).text).toContain('Your device gets no access');
    const poll = await post(`${provider.base}/oauth/token`, {
      grant_type: deviceCodeGrant,
      device_code: codes.device_code,
      client_id: device.id,
    });
    expect(poll.json()).toMatchObject({ error: 'access_denied' });
    Object.assign(browser, { page, address });
    await cancel(browser);
    expect((await denials()).filter(({ client_id: id }) => id === device.id)).toEqual([
      { actor_id: null, client_id: device.id },
    ]);
  });
});
