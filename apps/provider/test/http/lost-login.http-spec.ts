import { OneTimeLinks } from '../../src/users/credentials/one-time-links.service';
import { SessionsService } from '../../src/users/sessions/sessions.service';
import { Browser, formOf, send, unescape, type Answer } from '../support/browser';
import {
  answerOf,
  authorizationRequest,
  authorizeUrl,
  redeem,
  startProvider,
  type TestProvider,
} from '../support/provider';
import { eventually } from '../support/eventually';
import type { Registered } from '../support/tokens';
import { DeleteClient } from '../../src/clients/operations/delete-client';

describe('a login cannot be lost:', () => {
  let provider: TestProvider;
  let registered: Registered;
  beforeAll(async () => {
    provider = await startProvider({
      env: { GATEHOUSE_REQUEST_LIFETIME: '400000', GATEHOUSE_SIGN_UP: 'open', GATEHOUSE_THROTTLE: 'off' },
    });
    registered = await provider.addClient({ name: 'Lost and found' });
  });
  afterAll(() => provider.close());

  /** A stranger whom the client sent: at the login page. */
  async function begin(overrides: Readonly<Record<string, string>> = {}, browser = new Browser(), of = registered) {
    const user = await provider.addUser();
    const { parameters, proof } = authorizationRequest(of.client, { state: `state-${user.id}`, ...overrides });
    const page = await browser.open(authorizeUrl(provider, parameters));
    const requestId = new URL(browser.address).searchParams.get('request') ?? '';
    return { browser, user, page, proof, requestId, state: parameters['state'] };
  }
  type Begun = Awaited<ReturnType<typeof begin>>;
  const typed = ({ user }: Begun) => ({ username: user.username, password: user.password });
  const resume = ({ requestId }: Begun) => `${provider.issuer}/oauth/authorize/${encodeURIComponent(requestId)}`;

  /** The end that every way must come to: the client, with its own state and a code that is good. */
  async function expectArrived(begun: Begun, answer: Answer): Promise<void> {
    const parameters = answerOf(answer);
    expect(answer.location).toMatch(/^https:\/\/client\.test\/callback\?/);
    expect(parameters.get('state')).toBe(begun.state);
    expect((await redeem(provider, registered, parameters.get('code') ?? '', begun.proof.verifier)).status).toBe(200);
  }
  const link = (answer: Answer, pattern: RegExp): string =>
    unescape(pattern.exec(answer.text)?.[1] ?? 'there is no such link');
  const continueLink = (answer: Answer): string =>
    link(answer, /<a [^>]*href="([^"]+)"[^>]*>Continue to Lost and found<\/a>/);
  const follow = (browser: Browser, answer: Answer) =>
    browser.open(new URL(continueLink(answer), provider.issuer).href);

  it('the login page stood open for longer than its CSRF token lives', async () => {
    const begun = await begin();
    provider.clock.advance(24 * 3600 + 1);
    const again = await begun.browser.submit(typed(begun));
    expect(again.status).toBe(403);
    expect(again.text).toContain('Lost and found');
    await begun.browser.submit(typed(begun));
    await expectArrived(begun, await begun.browser.submit({ confirm: 'yes' }));
  });

  it('the consent page stood open for longer than its CSRF token lives', async () => {
    const begun = await begin();
    await begun.browser.submit(typed(begun));
    provider.clock.advance(24 * 3600 + 1);
    expect((await begun.browser.submit({ confirm: 'yes' })).status).toBe(403);
    await expectArrived(begun, await begun.browser.submit({ confirm: 'yes' }));
  });

  it('the password was wrong, several times', async () => {
    const begun = await begin();
    for (let round = 0; round < 3; round++)
      expect((await begun.browser.submit({ ...typed(begun), password: 'x' })).status).toBe(401);
    await begun.browser.submit(typed(begun));
    await expectArrived(begun, await begun.browser.submit({ confirm: 'yes' }));
  });

  it('two tabs began a login each, and each ends in its own request', async () => {
    const one = await begin();
    const tab = one.browser.page;
    const two = await begin({}, one.browser);
    const person = typed(two);
    await two.browser.submit(person);
    await expectArrived(two, await two.browser.submit({ confirm: 'yes' }));
    // The first tab still shows its login form.
    one.browser.page = tab;
    one.browser.address = `${provider.issuer}/login?request=${encodeURIComponent(one.requestId)}`;
    await expectArrived(one, await one.browser.submit(person));
  });

  it('the login happened in another tab: the waiting page offers to continue', async () => {
    const begun = await begin();
    const waiting = begun.browser.address;
    await provider.logIn(begun.user, begun.browser);
    const page = await begun.browser.open(waiting);
    expect(page.text).toContain(`signed in as <strong>${begun.user.username}</strong>`);
    await follow(begun.browser, page);
    await expectArrived(begun, await begun.browser.submit({ confirm: 'yes' }));
  });

  it('the login happened in another tab: sending the waiting form works too', async () => {
    const begun = await begin();
    const [tab, address] = [begun.browser.page, begun.browser.address];
    await provider.logIn(begun.user, begun.browser);
    Object.assign(begun.browser, { page: tab, address });
    await begun.browser.submit(typed(begun));
    await expectArrived(begun, await begun.browser.submit({ confirm: 'yes' }));
  });

  it('the login happened in another tab: home offers to continue', async () => {
    const begun = await begin();
    await provider.logIn(begun.user, begun.browser);
    await follow(begun.browser, await begun.browser.open(`${provider.issuer}/home`));
    await expectArrived(begun, await begun.browser.submit({ confirm: 'yes' }));
  });

  it('back to the login page after the consent page, and sent once more', async () => {
    const begun = await begin();
    const [tab, address] = [begun.browser.page, begun.browser.address];
    await begun.browser.submit(typed(begun));
    Object.assign(begun.browser, { page: tab, address });
    await begun.browser.submit(typed(begun));
    expect(begun.browser.address).toContain('/consent');
    await expectArrived(begun, await begun.browser.submit({ confirm: 'yes' }));
  });

  it('back to the consent page after the answer, and sent once more', async () => {
    const begun = await begin();
    await begun.browser.submit(typed(begun));
    const [tab, address] = [begun.browser.page, begun.browser.address];
    await expectArrived(begun, await begun.browser.submit({ confirm: 'yes' }));
    Object.assign(begun.browser, { page: tab, address });
    await expectArrived(begun, await begun.browser.submit({ confirm: 'yes' }));
  });

  it('both answers of a double click arrive', async () => {
    const begun = await begin();
    await begun.browser.submit(typed(begun));
    const form = formOf(begun.browser.page?.text ?? '');
    const body = new URLSearchParams([...form.fields, ['confirm', 'yes']]).toString();
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded', Origin: provider.issuer };
    const answers = await Promise.all(
      [1, 2].map(() => begun.browser.send(`${provider.issuer}/consent`, { method: 'POST', body, headers })),
    );
    for (const answer of answers) await expectArrived(begun, await begun.browser.open(answer.location ?? ''));
  });

  it('the session ended while the consent page stood open', async () => {
    const begun = await begin();
    await begun.browser.submit(typed(begun));
    await provider.store.run((unit) =>
      provider.app.get(SessionsService).endAllOf(unit, begun.user.id, provider.clock.now()),
    );
    await begun.browser.submit({ confirm: 'yes' });
    expect(begun.browser.address).toContain('/login?request=');
    await begun.browser.submit(typed(begun));
    await expectArrived(begun, await begun.browser.submit({ confirm: 'yes' }));
  });

  it('the session expired while the consent page stood open', async () => {
    const short = await startProvider({ env: { GATEHOUSE_SESSION_IDLE_LIFETIME: '600' } });
    try {
      const person = await short.addUser();
      const made = await short.addClient();
      const browser = new Browser();
      await browser.open(authorizeUrl(short, authorizationRequest(made.client).parameters));
      await browser.submit({ username: person.username, password: person.password });
      short.clock.advance(700);
      await browser.submit({ confirm: 'yes' });
      expect(browser.address).toContain('/login?request=');
      await browser.submit({ username: person.username, password: person.password });
      expect(answerOf(await browser.submit({ confirm: 'yes' })).has('code')).toBe(true);
    } finally {
      await short.close();
    }
  });

  it('another person logged in while the consent page stood open: they are asked, in their name', async () => {
    const begun = await begin();
    await begun.browser.submit(typed(begun));
    const [tab, address] = [begun.browser.page, begun.browser.address];
    const other = await provider.addUser();
    await begun.browser.open(`${provider.issuer}/logout`);
    await begun.browser.submit({ logout: 'yes' });
    await provider.logIn(other, begun.browser);
    Object.assign(begun.browser, { page: tab, address });
    const asked = await begun.browser.submit({ confirm: 'yes' });
    expect(asked.status).toBe(409);
    expect(asked.text).toContain(`<bdi>${other.username}</bdi>`);
    await expectArrived(begun, await begun.browser.submit({ confirm: 'yes' }));
  });

  it('"Switch account" on the consent page goes on with the other account', async () => {
    const begun = await begin();
    await begun.browser.submit(typed(begun));
    const href = link(begun.browser.page ?? begun.page, /href="([^"]+)">Switch</);
    const other = await provider.addUser();
    await begun.browser.open(provider.issuer + href);
    await begun.browser.submit({ username: other.username, password: other.password });
    expect(begun.browser.page?.text).toContain(`<bdi>${other.username}</bdi>`);
    await expectArrived(begun, await begun.browser.submit({ confirm: 'yes' }));
  });

  it('the password was set by a one-time link in another tab', async () => {
    const begun = await begin();
    const [tab, address] = [begun.browser.page, begun.browser.address];
    const url = await provider.store.run((unit) =>
      provider.app
        .get(OneTimeLinks)
        .create(unit, { userId: begun.user.id, purpose: 'set-password' }, provider.clock.now()),
    );
    const password = 'a password made just now';
    await begun.browser.open(url);
    const done = await begun.browser.submit({ password });
    expect(continueLink(done)).toContain('/oauth/authorize/');
    // The waiting tab goes on with the new password ...
    Object.assign(begun.browser, { page: tab, address });
    await begun.browser.submit({ username: begun.user.username, password });
    await expectArrived(begun, await begun.browser.submit({ confirm: 'yes' }));
  });

  it('the password was set by a one-time link, whose page leads on as well', async () => {
    const begun = await begin();
    const url = await provider.store.run((unit) =>
      provider.app
        .get(OneTimeLinks)
        .create(unit, { userId: begun.user.id, purpose: 'set-password' }, provider.clock.now()),
    );
    await begun.browser.open(url);
    const password = 'a password made just now';
    await follow(begun.browser, await begun.browser.submit({ password }));
    await begun.browser.submit({ username: begun.user.username, password });
    await expectArrived(begun, await begun.browser.submit({ confirm: 'yes' }));
  });

  it('the link was opened in another browser, which never continues the login there', async () => {
    const begun = await begin();
    const url = await provider.store.run((unit) =>
      provider.app
        .get(OneTimeLinks)
        .create(unit, { userId: begun.user.id, purpose: 'set-password' }, provider.clock.now()),
    );
    const phone = new Browser();
    await phone.open(url);
    const done = await phone.submit({ password: 'a password made just now' });
    expect(done.text).not.toContain('Lost and found');
    expect(done.text).toContain('continue there');
  });

  it('an account had to be made on the way', async () => {
    const begun = await begin();
    const href = link(begun.page, /href="([^"]+)">Create an account/);
    const page = await begun.browser.open(provider.issuer + href);
    expect(page.text).toContain('Lost and found');
    expect((await begun.browser.submit({ username: `new-${begun.user.username}`, password: 'short' })).status).toBe(
      422,
    );
    await begun.browser.submit({ password: 'long enough to be a password' });
    expect(begun.browser.address).toContain('/consent');
    await expectArrived(begun, await begun.browser.submit({ confirm: 'yes' }));
  });

  it('the request opened once more from the history', async () => {
    const begun = await begin();
    await begun.browser.submit(typed(begun));
    await begun.browser.submit({ confirm: 'yes' });
    await expectArrived(begun, await begun.browser.open(resume(begun)));
  });

  it('the request id of the form was lost: the newest login of this browser goes on', async () => {
    const begun = await begin();
    await begun.browser.open(`${provider.issuer}/login?request=gone`);
    expect(continueLink(begun.browser.page ?? begun.page)).toContain('/oauth/authorize/');
    await begun.browser.submit(typed(begun));
    await follow(begun.browser, await begun.browser.open(`${provider.issuer}/home`));
    await expectArrived(begun, await begun.browser.submit({ confirm: 'yes' }));
  });

  it('in another browser it is never continued: that would be a login CSRF', async () => {
    const begun = await begin();
    const other = await provider.logIn(await provider.addUser());
    const answer = await other.open(resume(begun));
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('request.expired');
    const page = await other.clone().open(`${provider.issuer}/login?request=${encodeURIComponent(begun.requestId)}`);
    expect(page.text).not.toContain('Lost and found');
  });

  it('the client was removed since: a page says so at every step, and home is one click away', async () => {
    const gone = await provider.addClient({ name: 'Going soon' });
    const begun = await begin({}, new Browser(), gone);
    await provider.execute(DeleteClient, { id: gone.client.id });
    await eventually(
      () => send(authorizeUrl(provider, authorizationRequest(gone.client).parameters)),
      (each) => each.status === 400,
    );
    const answer = await begun.browser.submit(typed(begun));
    expect(answer.status).toBe(400);
    expect(answer.location).toBeUndefined();
    expect(answer.text).toContain('removed');
    expect(
      (await begun.browser.open(`${provider.issuer}/consent?request=${encodeURIComponent(begun.requestId)}`)).status,
    ).toBe(400);
    expect((await begun.browser.open(`${provider.issuer}/home`)).status).toBe(200);
  });

  it('the request expired: the user is signed in and told where to start again', async () => {
    const begun = await begin();
    const address = begun.browser.address;
    provider.clock.advance(400_001);
    const page = await begun.browser.open(address);
    expect(page.status).toBe(200);
    expect(page.text).toContain('start again');
    const answer = await begun.browser.submit(typed(begun));
    expect(answer.status).toBe(200);
    expect(begun.browser.address).toBe(`${provider.issuer}/home`);
    expect((await begun.browser.open(resume(begun))).status).toBe(400);
  });

  it('the request expired, but a newer one waits: the login goes on with that', async () => {
    const old = await begin();
    const [tab, address] = [old.browser.page, old.browser.address];
    provider.clock.advance(399_000);
    const newer = await begin({}, old.browser);
    provider.clock.advance(2000);
    Object.assign(old.browser, { page: tab, address });
    await old.browser.submit(typed(newer)); // the CSRF token is as old as the page
    await old.browser.submit(typed(newer));
    const arrived = old.browser.address.includes('/consent')
      ? await old.browser.submit({ confirm: 'yes' })
      : await follow(old.browser, await old.browser.open(`${provider.issuer}/home`));
    await expectArrived(newer, arrived.location === undefined ? await old.browser.submit({ confirm: 'yes' }) : arrived);
  });

  it('a page of this server: the user returns to exactly that page after the login', async () => {
    const user = await provider.addUser();
    const browser = new Browser();
    await browser.open(`${provider.issuer}/account?a=1&b=%C3%A4`);
    expect(browser.address).toContain('/login?request=');
    await browser.submit({ username: user.username, password: user.password });
    expect(browser.address).toBe(`${provider.issuer}/account?a=1&b=%C3%A4`);
  });
});
