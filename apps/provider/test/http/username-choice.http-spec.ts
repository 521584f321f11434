import { Invitations } from '../../src/users/invitations/invitations.service';
import { UsersService } from '../../src/users/users.service';
import { Browser, type Answer } from '../support/browser';
import { fieldsOf, changed, sendFields } from '../support/forms';
import { startProvider, type TestProvider } from '../support/provider';

const password = 'a few words make a good one';

describe('a username of a person’s own choice', () => {
  let provider: TestProvider;
  beforeAll(async () => (provider = await startProvider({ env: { GATEHOUSE_SIGN_UP: 'open' } })));
  afterAll(() => provider.close());

  beforeAll(() => provider.addUser({ email: 'victim@mail.test', emailVerified: true }));

  const find = (username: string) => provider.app.get(UsersService).findByUsername(username);

  async function signUp(address: string, username: string): Promise<Answer> {
    const browser = new Browser();
    await browser.open(address);
    return browser.submit({ username, password });
  }

  async function invitationFor(email: string): Promise<string> {
    return provider.store.run((unit) =>
      provider.app
        .get(Invitations)
        .invite(unit, { email, roles: ['user'], createdBy: undefined }, provider.clock.now()),
    );
  }

  it.each(['victim@mail.test', 'VICTIM@mail.test', 'victim@'])(
    'must not contain @ while nobody has confirmed an address: %s',
    async (username) => {
      const answer = await signUp(`${provider.issuer}/sign-up`, username);
      expect([answer.status, answer.text.includes('only if it is your own confirmed e-mail address')]).toEqual([
        422,
        true,
      ]);
      expect(await find(username)).toBeUndefined();
    },
  );

  it('may be the address that an invitation has confirmed, and no other', async () => {
    const link = await invitationFor('Grace@mail.test');
    expect((await signUp(link, 'ada@mail.test')).status).toBe(422);
    expect(await find('ada@mail.test')).toBeUndefined();
    expect((await signUp(link, 'grace@mail.test')).status).toBe(200);
    expect(await find('grace@mail.test')).toMatchObject({ email: 'Grace@mail.test', emailVerified: true });
  });

  it.each(['root-boss\u3164', 'root\u115f-boss', 'r\u1160oot', 'root\uffa0'])(
    'has no letters that nothing is drawn for: %j',
    async (username) => {
      const answer = await signUp(`${provider.issuer}/sign-up`, username);
      expect(answer.status).toBe(422);
      expect(await find(username)).toBeUndefined();
    },
  );

  it.each(['r\u043E\u043Et-admin', 'adm\u0456n', 'g\u03BFogle', '김たろう'])(
    'is of one script: %s (UTS 39 5.2)',
    async (username) => {
      for (const address of [`${provider.issuer}/sign-up`, await invitationFor('mixed@mail.test')]) {
        const answer = await signUp(address, username);
        expect([answer.status, answer.text.includes('letters of a single alphabet')]).toEqual([422, true]);
      }
      expect(await find(username)).toBeUndefined();
    },
  );

  it.each(['Пётр', 'Ελένη', '山田たろう', 'jörg'])('may be of any script in common use: %s', async (username) => {
    expect((await signUp(`${provider.issuer}/sign-up`, username)).status).toBe(200);
    expect(await find(username)).toBeDefined();
  });

  it('is not restricted so where an administrator chooses it', async () => {
    const admin = await provider.logIn(await provider.addUser({ roles: ['admin'] }));
    for (const username of ['given@mail.test', 'm\u0438xed']) {
      await admin.open(`${provider.issuer}/user/add`);
      const fields = changed(fieldsOf(admin, '/user/add'), { username });
      expect((await sendFields(admin, fields, '/user/add')).status).toBe(200);
      expect(await find(username)).toBeDefined();
    }
  });
});
