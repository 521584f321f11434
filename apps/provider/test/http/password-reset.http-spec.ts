import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Mailer } from '../../src/mail/mailer.service';
import { Outbox } from '../../src/outbox/outbox.service';
import { PasswordResets } from '../../src/users/credentials/password-resets.service';
import { Browser, unescape } from '../support/browser';
import { eventually } from '../support/eventually';
import { answerOf, authorizationRequest, authorizeUrl, redeem, startProvider } from '../support/provider';
import type { TestProvider } from '../support/provider';
import { headerOf, linkIn, SmtpServer } from '../support/smtp-server';

const password = 'a password made just now';

describe('a password is reset by mail:', () => {
  const smtp = new SmtpServer();
  let provider: TestProvider;
  beforeAll(async () => {
    provider = await startProvider({
      env: { GATEHOUSE_SMTP_URL: await smtp.start(), GATEHOUSE_MAIL_FROM: 'door@gatehouse.test' },
    });
  });
  afterAll(async () => {
    await provider.close();
    await smtp.stop();
  });

  async function ask(email: string, browser = new Browser()) {
    await browser.open(`${provider.base}/password/forgot`);
    return browser.submit({ email });
  }
  const mailsTo = (email: string) => smtp.received.filter(({ to }) => to.includes(email));
  const arrived = async (email: string) => {
    const [mail] = await eventually(
      () => Promise.resolve(mailsTo(email)),
      (mails) => mails.length > 0,
    );
    if (!mail) throw new Error('no mail came');
    return mail.message;
  };
  const settled = () =>
    eventually(
      () => provider.app.get(Outbox).backlog(),
      ({ waiting }) => waiting === 0,
    );

  it('a person who resets it in another window still ends in the client', async () => {
    const user = await provider.addUser({ email: 'ann@people.test' });
    const registered = await provider.addClient();
    const here = new Browser();
    const { parameters, proof } = authorizationRequest(registered.client, { state: 'still-here' });
    const login = await here.open(authorizeUrl(provider, parameters));
    const forgot = /href="(\/password\/forgot\?request[^"]+)"/.exec(login.text)?.[1] ?? '';
    await here.open(provider.base + unescape(forgot));
    const asked = await here.submit({ email: 'ANN@people.test' });
    expect(asked.status).toBe(200);

    const elsewhere = new Browser();
    await elsewhere.open(linkIn(await arrived('ann@people.test')));
    expect((await elsewhere.submit({ password })).status).toBe(200);

    const back = /href="(\/login\?request[^"]+)"/.exec(asked.text)?.[1] ?? '';
    await here.open(provider.base + unescape(back));
    let answer = await here.submit({ username: user.username, password });
    if (!answer.location?.startsWith('https://client.test')) answer = await here.submit({ confirm: 'yes' });
    expect(answerOf(answer).get('state')).toBe('still-here');
    const code = answerOf(answer).get('code') ?? '';
    expect((await redeem(provider, registered, code, proof.verifier)).status).toBe(200);
  });

  it('responds the same for an unknown address, and sends no mail', async () => {
    await provider.addUser({ email: 'known@people.test' });
    const bare = (text: string) =>
      text.replace(/(known|nobody)@people\.test/g, '@').replace(/name="csrf[^>]*>|[\w-]{40,}/g, '');
    const [known, nobody] = [await ask('known@people.test'), await ask('nobody@people.test')];
    expect([nobody.status, bare(nobody.text)]).toEqual([known.status, bare(known.text)]);
    await arrived('known@people.test');
    await settled();
    expect(mailsTo('nobody@people.test')).toEqual([]);
  });

  it('the mail names its sender, has text and HTML, and asks machines not to answer', async () => {
    const user = await provider.addUser({ email: 'bea@people.test' });
    await ask('bea@people.test');
    const message = await arrived('bea@people.test');
    expect(headerOf(message, 'From')).toBe('Gatehouse <door@gatehouse.test>');
    expect(headerOf(message, 'Message-ID')).toMatch(/^<[\w-]{20,}@gatehouse\.test>$/);
    expect(headerOf(message, 'Auto-Submitted')).toBe('auto-generated');
    expect(message).toContain('Content-Type: text/plain');
    expect(message).toContain('Content-Type: text/html');
    expect(message).toContain(user.username);
  });

  it('is sent again under the same Message-ID where the server says later (RFC 5321 4.2.1)', async () => {
    await provider.addUser({ email: 'cat@people.test' });
    const before = smtp.offered.length;
    smtp.refusals.push('451 later');
    await ask('cat@people.test');
    await eventually(
      () => Promise.resolve(smtp.offered.length),
      (count) => count > before,
    );
    expect(mailsTo('cat@people.test')).toEqual([]);
    provider.clock.advance(60);
    const message = await arrived('cat@people.test');
    expect(headerOf(smtp.offered[before] ?? '', 'Message-ID')).toBe(headerOf(message, 'Message-ID'));
  });

  it('is given up where the server says never, and the reason repeats nothing of the mail', async () => {
    await provider.addUser({ email: 'dan@people.test' });
    smtp.refusals.push('550 dan@people.test is nobody');
    await ask('dan@people.test');
    const [failed] = await eventually(
      () => provider.app.get(Outbox).list({ failedOnly: true, limit: 10 }),
      (rows) => rows.length > 0,
    );
    expect(failed).toMatchObject({ kind: 'mail', state: 'given up', lastFailure: 'the mail server answered 550' });
  });

  it('rejects what could be another header or another address, beside the field', async () => {
    for (const email of ['a@b.test\r\nBcc: c@d.test', 'a@b.test, c@d.test', '"a"@b.test', 'a\u0000@b.test', 'no', '']) {
      expect([email, (await ask(email)).status]).toEqual([email, 422]);
      const write = provider.store.run((unit) =>
        provider.app
          .get(Mailer)
          .write(
            unit,
            { to: email, text: 'password-reset', values: { link: provider.issuer }, lifetimeSeconds: 60 },
            provider.clock.now(),
          ),
      );
      await expect(write).rejects.toThrow('not a valid email address');
    }
  });

  it('notifies the owner by mail of every new password', async () => {
    await provider.addUser({ username: 'told', email: 'told@people.test' });
    await ask('told@people.test');
    const browser = new Browser();
    await browser.open(linkIn(await arrived('told@people.test')));
    await browser.submit({ password });
    const mails = await eventually(
      () => Promise.resolve(mailsTo('told@people.test')),
      (found) => found.length > 1,
    );
    const notice = mails.at(-1)?.message ?? '';
    expect(headerOf(notice, 'subject')).toBe('Your account was changed');
    expect(notice).toContain('A new password was set.');
    expect(notice).not.toContain('token=');
    await settled();
  });

  it('fills no mailbox: three an hour to one address, with the same answer afterwards', async () => {
    provider.clock.advance(3700);
    await provider.addUser({ email: 'eve@people.test' });
    for (let i = 0; i < 5; i++) expect((await ask('eve@people.test')).status).toBe(200);
    await eventually(
      () => Promise.resolve(mailsTo('eve@people.test').length),
      (count) => count >= 3,
    );
    await settled();
    expect(mailsTo('eve@people.test')).toHaveLength(3);
  });

  it('returns 429 to one network address that asks for many', async () => {
    provider.clock.advance(3700);
    for (let i = 0; i < 20; i++) expect((await ask(`many-${i}@people.test`)).status).toBe(200);
    expect((await ask('many-20@people.test')).status).toBe(429);
  });
});

describe('without a mail server', () => {
  it('mail is written to a folder that its owner alone can read', async () => {
    const provider = await startProvider({ mail: 'folder' });
    try {
      const folder = join(dirname(provider.databaseUrl.replace('sqlite:', '')), 'mail');
      const user = await provider.addUser({ email: 'fay@people.test' });
      const browser = new Browser();
      await provider.store.run((unit) =>
        provider.app.get(PasswordResets).request(unit, 'fay@people.test', '127.0.0.1', provider.clock.now()),
      );
      const names = await eventually(
        () => Promise.resolve(existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.eml')) : []),
        (found) => found.length > 0,
      );
      const path = join(folder, names[0] ?? '');
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(statSync(folder).mode & 0o777).toBe(0o700);
      const message = readFileSync(path, 'utf8');
      expect(headerOf(message, 'From')).toBe('Gatehouse <no-reply@localhost>');
      await browser.open(linkIn(message));
      expect((await browser.submit({ password })).status).toBe(200);
      await provider.logIn({ username: user.username, password });
    } finally {
      await provider.close();
    }
  });
});
