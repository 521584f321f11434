import { Outbox } from '../../src/outbox/outbox.service';
import { adminApi, shaped } from '../support/admin-api';
import { Browser, unescape } from '../support/browser';
import { changed, fieldsOf, sendFields } from '../support/forms';
import { startProvider, type TestProvider } from '../support/provider';

describe('without a mail server', () => {
  let provider: TestProvider;
  let admin: Browser;
  beforeAll(async () => {
    provider = await startProvider({ env: { GATEHOUSE_SIGN_UP: 'invitation' } });
    admin = await provider.logIn(await provider.addUser({ username: 'root', roles: ['admin'] }));
  });
  afterAll(() => provider.close());

  const at = (path: string): string => `${provider.issuer}${path}`;
  const claims = /on (its|their|the) way|is sent there|was sent|ve sent|send you/i;

  it('an administrator who invites people gets the links to copy, once, and no claim that mail was sent', async () => {
    const form = await admin.open(at('/user/invite'));
    expect(form.text).toContain('Mail isn’t set up');
    expect(form.text).toContain('Create invitations');
    expect(form.text).not.toMatch(claims);
    const emails = ['ada@example.org', 'grace@example.org'];
    const fields = changed(fieldsOf(admin, '/user/invite'), {
      emails: emails.join('\n'),
      role: ['user'],
      action: 'invite',
    });
    const made = await sendFields(admin, fields, '/user/invite');
    expect(made.status).toBe(200);
    expect(made.headers['cache-control']).toBe('no-store');
    expect(made.text).not.toMatch(claims);
    const links = [...made.text.matchAll(/<code id="invitation-\d">([^<]+)</g)].map(([, link]) => unescape(link ?? ''));
    expect(links).toHaveLength(2);
    expect((await admin.open(at('/user/invite'))).text).not.toContain('invitation=');
    const browser = new Browser();
    expect((await browser.open(links[1] ?? '')).text).toContain('grace@example.org');
    await browser.submit({ username: 'grace', password: 'compilers are rather nice' });
    expect(browser.address).toBe(at('/home'));
  });

  it('the API gives the links', async () => {
    const api = await adminApi(provider);
    const answer = await api.call('POST', 'invitations', { emails: ['api@example.org'] });
    expect(answer.status).toBe(201);
    const { links } = shaped(answer, 'Invited') as { links: { email: string; link: string }[] };
    expect(links.map(({ email }) => email)).toEqual(['api@example.org']);
    expect((await new Browser().open(links[0]?.link ?? '')).text).toContain('api@example.org');
  });

  it('a forgotten password is a matter for the administrator, whether or not anybody has the address', async () => {
    await provider.addUser({ email: 'known@people.test' });
    const browser = new Browser();
    const page = await browser.open(at('/password/forgot'));
    expect(page.text).toContain('Ask your administrator');
    expect(page.text).not.toMatch(claims);
    expect(page.text).not.toContain('name="email"');

    // A page from before the mail server was removed.
    const csrf = /name="csrf" value="([^"]+)"/.exec((await browser.open(at('/login'))).text)?.[1] ?? '';
    const before = (await provider.app.get(Outbox).backlog()).waiting;
    const ask = async (email: string) => {
      const answer = await browser.send(at('/password/forgot'), {
        method: 'POST',
        headers: { Origin: provider.issuer, 'Content-Type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ csrf: unescape(csrf), email }).toString(),
      });
      return [answer.status, answer.text.replace(/name="csrf[^>]*>|[\w-]{40,}/g, '')];
    };
    const [known, nobody] = [await ask('known@people.test'), await ask('nobody@people.test')];
    expect(known).toEqual(nobody);
    expect(known[0]).toBe(409);
    expect(known[1]).toContain('Ask your administrator');
    expect((await provider.app.get(Outbox).backlog()).waiting).toBe(before);
  });

  it('an address is not said to be confirmed by mail', async () => {
    const browser = await provider.logIn(await provider.addUser({ email: 'mine@people.test' }));
    const page = await browser.open(at('/account/email'));
    expect(page.text).toContain('mine@people.test');
    expect(page.text).toContain('Ask your administrator');
    expect(page.text).not.toMatch(claims);
    expect(page.text).not.toContain('name="email"');
  });
});
