import { statement } from '@gatehouse/platform/database/store';
import { Invitations } from '../../src/users/invitations/invitations.service';
import { UsersService } from '../../src/users/users.service';
import { adminApi } from '../support/admin-api';
import { Browser } from '../support/browser';
import { eventually } from '../support/eventually';
import { changed, fieldsOf, sendFields } from '../support/forms';
import { authorizationRequest, authorizeUrl, startProvider, type TestProvider } from '../support/provider';
import { linkIn, SmtpServer } from '../support/smtp-server';
import { SetUserState } from '../../src/users/operations/set-user-state';
import { UpdateUser } from '../../src/users/operations/update-user';

const password = 'a few words make a good one';

describe('invitations', () => {
  let provider: TestProvider;
  let admin: Browser;
  const smtp = new SmtpServer();

  beforeAll(async () => {
    provider = await startProvider({
      env: {
        GATEHOUSE_SIGN_UP: 'invitation',
        GATEHOUSE_SMTP_URL: await smtp.start(),
        GATEHOUSE_MAIL_FROM: 'door@gatehouse.test',
      },
    });
    admin = await provider.logIn(await provider.addUser({ username: 'root', roles: ['admin'] }));
  });
  afterAll(async () => {
    await provider.close();
    await smtp.stop();
  });

  const at = (path: string): string => `${provider.issuer}${path}`;

  async function invite(emails: string, role: readonly string[] = ['user']): Promise<{ status: number; text: string }> {
    await admin.open(at('/user/invite'));
    const fields = changed(fieldsOf(admin, '/user/invite'), { emails, role: [...role], action: 'invite' });
    return sendFields(admin, fields, '/user/invite');
  }

  /** The link of the newest mail to this address, of so many. */
  async function linkFor(email: string, count = 1): Promise<string> {
    const mails = await eventually(
      () => Promise.resolve(smtp.received.filter(({ to }) => to.includes(email))),
      (found) => found.length >= count,
    );
    return linkIn(mails.at(-1)?.message ?? '');
  }

  it('go to each mailbox once, at the page and at the API', async () => {
    const api = await adminApi(provider);
    const counted = statement('test.invitations_to', 'SELECT email FROM invitations WHERE LOWER(email) = $1');
    const body = { emails: ['Twice@example.org', 'other@example.org', 'twice@example.org'] };
    const answer = await api.call('POST', 'invitations', body);
    expect([answer.status, answer.json()['invited']]).toEqual([201, 2]);
    expect(await provider.store.all(counted, 'twice@example.org')).toHaveLength(1);
    expect((await invite('Page@example.org, page@example.org')).status).toBe(303);
    expect(await provider.store.all(counted, 'page@example.org')).toHaveLength(1);
  });

  it('lead whoever gets one to an account with a proven address and the roles that were chosen, once', async () => {
    expect((await invite('ada@example.org', ['developer', 'user'])).status).toBe(303);
    const link = await linkFor('ada@example.org');
    expect((await admin.open(at('/user/invite'))).text).toContain('ada@example.org');
    const browser = new Browser();
    const form = await browser.open(link);
    expect(form.text).toContain('You were invited as <strong>ada@example.org</strong>');
    expect(form.headers['cache-control']).toBe('no-store');
    const weak = await browser.submit({ username: 'ada', password: 'short' });
    expect(weak.status).toBe(422);
    // Another address than the invited one is not taken.
    const done = await browser.submit({ username: 'ada', password, email: 'other@example.org', roles: 'admin' });
    expect(done.status).toBe(200);
    expect(browser.address).toBe(at('/home'));
    expect(await provider.app.get(UsersService).findByUsername('ada')).toMatchObject({
      email: 'ada@example.org',
      emailVerified: true,
      roles: ['developer', 'user'],
    });
    const again = await new Browser().open(link);
    expect([again.status, again.text.includes('already used')]).toEqual([410, true]);
    expect((await admin.open(at('/user/invite'))).text).not.toContain('ada@example.org');
  });

  it('go on to the application where a login began in this browser', async () => {
    await invite('grace@example.org');
    const { client } = await provider.addClient({ consentRequired: false });
    const browser = new Browser();
    await browser.open(authorizeUrl(provider, authorizationRequest(client).parameters));
    await browser.open(await linkFor('grace@example.org'));
    const done = await browser.submit({ username: 'grace', password });
    expect(done.text).toContain(`Continue to ${client.name}`);
    const href = /href="([^"]*\/oauth\/authorize\/[^"]+)"/.exec(done.text)?.[1] ?? '';
    expect((await browser.open(new URL(href, provider.issuer).href)).location).toContain('code=');
  });

  it('are the only way in: without one, with a changed, withdrawn, replaced or old one nobody gets an account', async () => {
    const stranger = await new Browser().open(at('/sign-up'));
    expect([stranger.status, stranger.text.includes('need an invitation')]).toEqual([403, true]);
    expect((await new Browser().open(at('/login'))).text).not.toContain('href="/sign-up');
    await invite('linus@example.org');
    const first = await linkFor('linus@example.org');
    expect((await new Browser().open(`${first}x`)).status).toBe(410);
    expect((await new Browser().open(first)).status).toBe(200);
    await invite('Linus@example.org');
    expect((await new Browser().open(first)).status).toBe(410);
    const second = await linkFor('Linus@example.org');
    expect((await new Browser().open(second)).status).toBe(200);
    const list = await admin.open(at('/user/invite'));
    const selector = /value="withdraw:(\d+)"[^>]*>Withdraw<span[^>]*> Linus@/.exec(list.text)?.[1] ?? '';
    await admin.submit({ action: `withdraw:${selector}` }, { action: '/user/invite' });
    expect((await new Browser().open(second)).status).toBe(410);
    await invite('old@example.org');
    const old = await linkFor('old@example.org');
    provider.clock.advance(7 * 86_400);
    expect((await new Browser().open(old)).status).toBe(410);
    admin = await provider.logIn({ username: 'root', password: 'correct horse battery staple' });
  });

  it('that assign roles end with the rights of the inviting administrator', async () => {
    const users = provider.app.get(UsersService);
    const send = async (count: number): Promise<string[]> => {
      const inviter = await provider.addUser({ username: `inviter-${count}`, roles: ['admin'] });
      const browser = await provider.logIn(inviter);
      for (const [email, role] of [
        [`power-${count}@example.org`, 'admin'],
        [`plain-${count}@example.org`, 'user'],
      ] as const) {
        await browser.open(at('/user/invite'));
        const fields = changed(fieldsOf(browser, '/user/invite'), { emails: email, role: [role], action: 'invite' });
        await sendFields(browser, fields, '/user/invite');
      }
      return [await linkFor(`power-${count}@example.org`), await linkFor(`plain-${count}@example.org`)];
    };
    const statuses = (links: readonly string[]): Promise<number[]> =>
      Promise.all(links.map(async (link) => (await new Browser().open(link)).status));
    const idOf = async (count: number): Promise<string> => (await users.findByUsername(`inviter-${count}`))?.id ?? '';
    const demoted = await send(1);
    expect(await statuses(demoted)).toEqual([200, 200]);
    const draft = { username: 'inviter-1', roles: ['user'] };
    await provider.execute(UpdateUser, { id: await idOf(1), draft });
    expect(await statuses(demoted)).toEqual([410, 200]);
    const off = await send(2);
    await provider.execute(SetUserState, { id: await idOf(2), disabled: true });
    expect(await statuses(off)).toEqual([410, 200]);
  });

  it('are tried thirty times an hour at most: no way to learn every name', async () => {
    await invite('guesser@example.org');
    const link = await linkFor('guesser@example.org');
    const statuses: number[] = [];
    for (let time = 0; time < 32; time += 1) {
      const browser = new Browser();
      await browser.open(link);
      statuses.push((await browser.submit({ username: 'root', password })).status);
    }
    expect(statuses.slice(0, 30)).toEqual(Array.from({ length: 30 }, () => 422));
    expect(statuses.slice(30)).toEqual([429, 429]);
  });

  it('100 at once make one account', async () => {
    await invite('race@example.org');
    const link = await linkFor('race@example.org');
    const invitation = await provider.app
      .get(Invitations)
      .find(new URL(link).searchParams.get('invitation') ?? '', provider.clock.now());
    if (!invitation) throw new Error('no invitation');
    const spent = await Promise.all(
      Array.from({ length: 100 }, () =>
        provider.store.run((unit) =>
          provider.app.get(Invitations).consume(unit, invitation.selector, provider.clock.now()),
        ),
      ),
    );
    expect(spent.filter((won) => won)).toHaveLength(1);
  });

  it.each([
    ['nothing', '  \n', 'Enter at least one'],
    ['what is no address', 'a@example.org\nnobody, b@example.org', 'Not an e-mail address: &quot;nobody&quot;.'],
    ['10,000 addresses', Array.from({ length: 10_000 }, (_, n) => `a${n}@example.org`).join('\n'), 'At most 500'],
  ])('are refused for %s, with all that was typed', async (_name, emails, message) => {
    const before = (await provider.app.get(Invitations).list({ limit: 100 }, provider.clock.now())).items.length;
    const answer = await invite(emails);
    expect(answer.status).toBe(422);
    expect(answer.text).toContain(message);
    if (emails.trim() !== '') expect(answer.text).toContain(emails.trim().split('\n').at(-1));
    expect((await provider.app.get(Invitations).list({ limit: 100 }, provider.clock.now())).items).toHaveLength(before);
  });

  it('are an administrator’s alone', async () => {
    const developer = await provider.logIn(await provider.addUser({ roles: ['developer'] }));
    expect((await developer.open(at('/user/invite'))).status).toBe(403);
  });
});
