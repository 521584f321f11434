import { EmailChanges } from '../../src/users/email-changes.service';
import { MakePasswordLink } from '../../src/users/credentials/operations/make-password-link';
import { OneTimeLinks } from '../../src/users/credentials/one-time-links.service';
import { ResetSecondFactors } from '../../src/users/factors/operations/reset-second-factors';
import { SetUserState } from '../../src/users/operations/set-user-state';
import { EndUserSessions } from '../../src/users/sessions/operations/end-user-sessions';
import { UsersService } from '../../src/users/users.service';
import { Browser, unescape } from '../support/browser';
import { eventually } from '../support/eventually';
import { authorizationRequest, authorizeUrl, startProvider, type TestProvider } from '../support/provider';
import { linkIn, SmtpServer } from '../support/smtp-server';
import { UpdateUser } from '../../src/users/operations/update-user';

const password = 'a few words make a good one';

describe('an e-mail address', () => {
  const smtp = new SmtpServer();
  let provider: TestProvider;
  let people = 0;

  beforeAll(async () => {
    provider = await startProvider({
      env: {
        GATEHOUSE_SIGN_UP: 'open',
        GATEHOUSE_SMTP_URL: await smtp.start(),
        GATEHOUSE_MAIL_FROM: 'door@gatehouse.test',
      },
    });
  });
  afterAll(async () => {
    await provider.close();
    await smtp.stop();
  });

  const at = (path: string): string => `${provider.issuer}${path}`;
  const mailsTo = (address: string) => smtp.received.filter(({ to }) => to.includes(address));
  async function mailTo(address: string, count = 1): Promise<string> {
    const mails = await eventually(
      () => Promise.resolve(mailsTo(address)),
      (found) => found.length >= count,
    );
    return mails.at(-1)?.message ?? '';
  }
  const userOf = (username: string) => provider.app.get(UsersService).findByUsername(username);

  async function person(email?: string): Promise<{ username: string; email: string; browser: Browser }> {
    const username = `person-of-mail-${++people}`;
    const user = await provider.addUser({ username, password, ...(email === undefined ? {} : { email }) });
    return { username, email: email ?? '', browser: await provider.logIn({ ...user, password }) };
  }
  async function ask(browser: Browser, email: string) {
    await browser.open(at('/account/email'));
    return browser.submit({ email }, { action: '/account/email' });
  }

  it('that was given at sign-up counts when its mail was opened; the login does not wait for it', async () => {
    const { client } = await provider.addClient({ consentRequired: false });
    const here = new Browser();
    await here.open(authorizeUrl(provider, authorizationRequest(client).parameters));
    const signUp = /href="(\/sign-up\?request[^"]+)"/.exec(here.page?.text ?? '')?.[1] ?? '';
    await here.open(at(unescape(signUp)));
    const done = await here.submit({ username: 'new-ada', email: 'new-ada@mail.test', password });
    expect(done.location).toContain('code=');
    expect(await userOf('new-ada')).toMatchObject({ email: 'new-ada@mail.test', emailVerified: false });
    const link = linkIn(await mailTo('new-ada@mail.test'));
    const elsewhere = new Browser();
    const form = await elsewhere.open(link);
    expect(form.text).toContain('<strong>new-ada@mail.test</strong> will become the e-mail address');
    expect(await userOf('new-ada')).toMatchObject({ emailVerified: false });
    const confirmed = await elsewhere.submit({}, { action: '/email/confirm' });
    expect([confirmed.status, confirmed.text.includes('continue there')]).toEqual([200, true]);
    expect(await userOf('new-ada')).toMatchObject({ emailVerified: true });
    expect((await new Browser().open(link)).status).toBe(410);
  });

  it('changes when the link in the mail to the new one is opened, and notifies the old one', async () => {
    const { username, browser } = await person('old@mail.test');
    const sent = await ask(browser, 'new@mail.test');
    expect(sent.text).toContain('A mail is on its way');
    expect(await userOf(username)).toMatchObject({ email: 'old@mail.test' });
    const other = new Browser();
    await other.open(linkIn(await mailTo('new@mail.test')));
    await other.submit({}, { action: '/email/confirm' });
    expect(await userOf(username)).toMatchObject({ email: 'new@mail.test', emailVerified: true });
    const told = await mailTo('old@mail.test');
    expect(told).toContain('Another e-mail address was set');
    expect(told).not.toContain('new@mail.test');
  });

  it('is confirmed once, and not after another change, another password or an hour', async () => {
    const { username, browser } = await person('one@mail.test');
    await ask(browser, 'two@mail.test');
    const second = linkIn(await mailTo('two@mail.test'));
    await ask(browser, 'three@mail.test');
    const third = linkIn(await mailTo('three@mail.test'));
    const other = new Browser();
    await other.open(third);
    await other.submit({}, { action: '/email/confirm' });
    expect((await other.open(second)).status).toBe(410);

    await ask(browser, 'four@mail.test');
    const fourth = linkIn(await mailTo('four@mail.test'));
    const user = await userOf(username);
    provider.clock.advance(1);
    await provider.store.run((unit) =>
      provider.app.get(UsersService).setPassword(unit, user?.id ?? '', 'no hash at all', provider.clock.now()),
    );
    expect((await other.open(fourth)).status).toBe(410);

    const late = await person('late@mail.test');
    await ask(late.browser, 'later@mail.test');
    const link = linkIn(await mailTo('later@mail.test'));
    expect((await other.open(`${link}x`)).status).toBe(410);
    provider.clock.advance(24 * 3600);
    expect((await other.open(link)).status).toBe(410);
  });

  it.each<[string, (id: string) => Promise<unknown>]>([
    ['a sign-out with a password link', (id) => provider.execute(MakePasswordLink, { id, signOut: true })],
    ['a reset of its second factors', (userId) => provider.execute(ResetSecondFactors, { userId })],
    ['all its sessions were ended', (userId) => provider.execute(EndUserSessions, { userId })],
    [
      'its other sessions were ended',
      (id) =>
        provider.store.run((unit) =>
          provider.app
            .get(UsersService)
            .signOutEverywhere(unit, id, { offline: false, keepSessionId: 'own' }, provider.clock.now()),
        ),
    ],
    [
      'it was disabled and enabled',
      async (id) => {
        await provider.execute(SetUserState, { id, disabled: true });
        await provider.execute(SetUserState, { id, disabled: false });
      },
    ],
  ])('is not confirmed after %s: a previous user of the account may have requested it', async (_name, recover) => {
    const address = `thief-${++people}@mail.test`;
    const { username, browser } = await person(`owner-${people}@mail.test`);
    const id = (await userOf(username))?.id ?? '';
    const changes = provider.app.get(EmailChanges);
    await ask(browser, address);
    const link = linkIn(await mailTo(address));
    const pending = await changes.open(new URL(link).searchParams.get('token') ?? '', provider.clock.now());
    if (!pending) throw new Error('no change is pending');
    await recover(id);
    expect((await new Browser().open(link)).status).toBe(410);
    // The page was open already.
    expect(await provider.store.run((unit) => changes.confirm(unit, pending, provider.clock.now()))).toBe(false);
    expect((await userOf(username))?.email).not.toBe(address);

    const later = `owner-later-${people}@mail.test`;
    await provider.store.run((unit) => changes.request(unit, id, later, provider.clock.now()));
    const token = new URL(linkIn(await mailTo(later))).searchParams.get('token') ?? '';
    expect(await changes.open(token, provider.clock.now())).toMatchObject({ email: later });
    // Also in the same second.
    await recover(id);
    expect(await changes.open(token, provider.clock.now())).toBeUndefined();
  });

  it('ends password links sent to the previous address, for every kind of change', async () => {
    const { app, store, clock } = provider;
    const linkOf = (userId: string): Promise<string> =>
      store.run((unit) =>
        app.get(OneTimeLinks).createAdditional(unit, { userId, purpose: 'set-password' }, clock.now()),
      );
    const statusOf = async (link: string): Promise<number> => (await new Browser().open(link)).status;
    const moved = await person('before@mail.test');
    const movedId = (await userOf(moved.username))?.id ?? '';
    const old = await linkOf(movedId);
    expect(await statusOf(old)).toBe(200);
    await ask(moved.browser, 'after@mail.test');
    const other = new Browser();
    await other.open(linkIn(await mailTo('after@mail.test')));
    await other.submit({});
    expect(await statusOf(old)).toBe(410);

    const edited = await person('typo@mail.test');
    const user = await userOf(edited.username);
    if (!user) throw new Error('nobody');
    const sent = await linkOf(user.id);
    const edit = (email: string): Promise<unknown> =>
      provider.execute(UpdateUser, { id: user.id, draft: { ...user, email } });
    await edit('typo@mail.test');
    expect(await statusOf(sent)).toBe(200);
    await edit('mended@mail.test');
    expect(await statusOf(sent)).toBe(410);
  });

  it('is confirmed by one of 100 at once', async () => {
    const { browser } = await person('race@mail.test');
    await ask(browser, 'raced@mail.test');
    const changes = provider.app.get(EmailChanges);
    const token = new URL(linkIn(await mailTo('raced@mail.test'))).searchParams.get('token') ?? '';
    const change = await changes.open(token, provider.clock.now());
    if (!change) throw new Error('no change');
    const won = await Promise.all(
      Array.from({ length: 100 }, () =>
        provider.store.run((unit) => changes.confirm(unit, change, provider.clock.now())),
      ),
    );
    expect(won.filter((each) => each)).toHaveLength(1);
  });

  it.each([
    ['what is no address', 'nobody', 422, 'not an e-mail address'],
    ['two addresses', 'a@mail.test,b@mail.test', 422, 'not an e-mail address'],
  ])('is asked for again after %s, with what was typed', async (_name, email, status, message) => {
    const { browser } = await person();
    const answer = await ask(browser, email);
    expect([answer.status, answer.text.includes(message), answer.text.includes(email)]).toEqual([status, true, true]);
  });

  it('asks for a login of at most ten minutes, and sends five mails an hour at most', async () => {
    const { browser } = await person();
    for (let n = 1; n <= 5; n++) expect((await ask(browser, `many-${n}@mail.test`)).status).toBe(200);
    expect((await ask(browser, 'many-6@mail.test')).status).toBe(429);
    const { browser: old } = await person();
    await old.open(at('/account/email'));
    provider.clock.advance(601);
    const login = await old.submit({ email: 'x@mail.test' }, { action: '/account/email' });
    expect(login.text).toContain('What you entered is kept');
    expect(mailsTo('x@mail.test')).toEqual([]);
  });

  it('gets at most five mails an hour, over all accounts', async () => {
    for (let n = 1; n <= 5; n++) expect((await ask((await person()).browser, 'victim@mail.test')).status).toBe(200);
    expect((await ask((await person()).browser, 'Victim@mail.test')).status).toBe(429);
    const signUp = new Browser();
    await signUp.open(at('/sign-up'));
    expect((await signUp.submit({ username: 'sixth', email: 'victim@mail.test', password })).status).toBe(200);
    expect((await userOf('sixth'))?.emailVerified).toBe(false);
    await mailTo('victim@mail.test', 5);
    expect(mailsTo('victim@mail.test')).toHaveLength(5);
  });
});
