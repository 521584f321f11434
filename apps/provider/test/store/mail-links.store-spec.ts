import { statement } from '@gatehouse/platform/database/store';
import { PasswordResets } from '../../src/users/credentials/password-resets.service';
import { EmailChanges } from '../../src/users/email-changes.service';
import { Invitations } from '../../src/users/invitations/invitations.service';
import { CreateUser } from '../../src/users/operations/create-user';
import { UpdateUser } from '../../src/users/operations/update-user';
import { UsersService } from '../../src/users/users.service';
import { Browser } from '../support/browser';
import { engines } from '../support/engines';
import { eventually } from '../support/eventually';
import { whileUncommitted } from '../support/interleave';
import { startProvider, type TestProvider } from '../support/provider';
import { linkIn, SmtpServer } from '../support/smtp-server';

jest.setTimeout(120_000);

const mailedLinkOf = statement(
  'test.mailed_link_of',
  'SELECT selector FROM one_time_links WHERE user_id = $1 AND signs_in = FALSE',
);

describe.each(engines)('links that are mailed, on %s', (_name, engineOf) => {
  const engine = engineOf();
  const smtp = new SmtpServer();
  let provider: TestProvider;
  let other: TestProvider;
  beforeAll(async () => {
    await engine.start();
    const databaseUrl = await engine.migratedUrl();
    const env = {
      GATEHOUSE_SIGN_UP: 'invitation',
      GATEHOUSE_SMTP_URL: await smtp.start(),
      GATEHOUSE_MAIL_FROM: 'door@gatehouse.test',
    };
    provider = await startProvider({ databaseUrl, env });
    // A second process' worth of everything, on the same database.
    other = await startProvider({ databaseUrl, env: { ...env, GATEHOUSE_SECRET_KEY: provider.secretKey } });
  });
  afterAll(async () => {
    await other.close();
    await provider.close();
    await smtp.stop();
    await engine.stop();
  });

  async function linkFor(address: string): Promise<string> {
    const [mail] = await eventually(
      () => Promise.resolve(smtp.received.filter(({ to }) => to.includes(address))),
      (found) => found.length > 0,
    );
    return linkIn(mail?.message ?? '');
  }
  async function tokenFor(address: string, name: string): Promise<string> {
    return new URL(await linkFor(address)).searchParams.get(name) ?? '';
  }
  const hundred = (work: (at: TestProvider) => Promise<boolean>): Promise<boolean[]> =>
    Promise.all(Array.from({ length: 100 }, (_each, index) => work(index % 2 === 0 ? provider : other)));

  it('an invitation is used by one of 100 at once, over two stores', async () => {
    const now = provider.clock.now();
    await provider.store.run((unit) =>
      provider.app
        .get(Invitations)
        .invite(unit, { email: 'ada@mail.test', roles: ['user'], createdBy: undefined }, now),
    );
    const found = await other.app.get(Invitations).find(await tokenFor('ada@mail.test', 'invitation'), now);
    if (!found) throw new Error('no invitation');
    const won = await hundred((at) =>
      at.store.run((unit) => at.app.get(Invitations).consume(unit, found.selector, now)),
    );
    expect(won.filter((each) => each)).toHaveLength(1);
    expect((await provider.app.get(Invitations).list({ limit: 10 }, now)).items).toEqual([]);
  });

  it('an address is confirmed by one of 100 at once, over two stores', async () => {
    const now = provider.clock.now();
    const user = await provider.addUser({ email: 'before@mail.test' });
    await provider.store.run((unit) => provider.app.get(EmailChanges).request(unit, user.id, 'after@mail.test', now));
    const change = await other.app.get(EmailChanges).open(await tokenFor('after@mail.test', 'token'), now);
    if (!change) throw new Error('no change');
    const won = await hundred((at) => at.store.run((unit) => at.app.get(EmailChanges).confirm(unit, change, now)));
    expect(won.filter((each) => each)).toHaveLength(1);
  });

  describe('when the address of an account without a password changes', () => {
    const statusOf = async (link: string): Promise<number> => (await new Browser().open(link)).status;

    it('by an administrator, the reset link mailed to the old address ends, and the link that was handed over stays', async () => {
      const draft = { username: 'bo', email: 'bo@wrong.test' };
      const { user, link: handedOver = '' } = await provider.execute(CreateUser, { draft });
      const browser = new Browser();
      await browser.open(`${provider.base}/password/forgot`);
      await browser.submit({ email: 'bo@wrong.test' });
      const mailed = await linkFor('bo@wrong.test');
      expect([await statusOf(mailed), await statusOf(handedOver)]).toEqual([200, 200]);
      await provider.execute(UpdateUser, { id: user.id, draft: { ...user, name: 'Bo' } });
      expect(await statusOf(mailed)).toBe(200);
      await provider.execute(UpdateUser, { id: user.id, draft: { ...user, email: 'bo@right.test' } });
      expect([await statusOf(mailed), await statusOf(handedOver)]).toEqual([410, 200]);
    });

    it('the same holds when the user confirms a new address', async () => {
      const draft = { username: 'di', email: 'di@old.test' };
      const { user, link: handedOver = '' } = await provider.execute(CreateUser, { draft });
      const browser = new Browser();
      await browser.open(`${provider.base}/password/forgot`);
      await browser.submit({ email: 'di@old.test' });
      const mailed = await linkFor('di@old.test');
      const changes = provider.app.get(EmailChanges);
      await provider.store.run((unit) => changes.request(unit, user.id, 'di@new.test', provider.clock.now()));
      const confirmation = new Browser();
      await confirmation.open(await linkFor('di@new.test'));
      await confirmation.submit({}, { action: '/email/confirm' });
      expect(await provider.app.get(UsersService).find(user.id)).toMatchObject({ email: 'di@new.test' });
      expect([await statusOf(mailed), await statusOf(handedOver)]).toEqual([410, 200]);
    });

    it('no reset link is mailed to the old address that was read before the correction', async () => {
      const { app, clock } = provider;
      const { user } = await provider.execute(CreateUser, { draft: { username: 'cy', email: 'cy@wrong.test' } });
      const delivery = await whileUncommitted(
        provider,
        async (unit) => {
          const before = await app.get(UsersService).lockAndRead(unit, user.id);
          if (!before) throw new Error('the account does not exist');
          await app.get(UsersService).update(unit, before, { ...before, email: 'cy@right.test' }, clock.now());
        },
        () =>
          app
            .get(PasswordResets)
            .deliver({ email: 'cy@wrong.test' }, { number: 1, now: clock.now(), signal: new AbortController().signal }),
      );
      expect(delivery).toEqual({ outcome: 'delivered' });
      expect(await provider.store.one(mailedLinkOf, user.id)).toBeUndefined();
    });
  });
});
