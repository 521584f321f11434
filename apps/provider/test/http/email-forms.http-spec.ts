import { UserEntity } from '../../src/users/user.entity';
import { Browser } from '../support/browser';
import { startProvider, type TestProvider } from '../support/provider';

describe('e-mail addresses that look alike', () => {
  let provider: TestProvider;
  beforeAll(async () => (provider = await startProvider({ env: { GATEHOUSE_SIGN_UP: 'open' } })));
  afterAll(() => provider.close());

  it.each([
    ['a zero width space', 'alice\u200B@corp.example'],
    ['a right-to-left override', 'alice\u202E@corp.example'],
    ['a soft hyphen', 'alice@co\u00ADrp.example'],
    ['a replacement character', 'alice\uFFFD@corp.example'],
  ])('a sign-up is refused whose address has %s', async (_what, email) => {
    const browser = new Browser();
    await browser.open(`${provider.issuer}/sign-up`);
    const answer = await browser.submit({ username: 'look-alike', password: 'a long enough phrase 1', email });
    expect(answer.status).toBe(422);
    expect(answer.text).toContain('id="f-email-problem"');
  });

  const statusOf = async (username: string, password: string): Promise<number> => {
    const browser = new Browser();
    await browser.open(`${provider.issuer}/login`);
    return (await browser.submit({ username, password })).status;
  };

  it('one mailbox signs in by each form of its domain', async () => {
    const { password } = await provider.addUser({ email: 'eve@BÜCHER.example', emailVerified: true });
    for (const typed of ['eve@bücher.example', 'Eve@xn--bcher-kva.example', 'eve@bu\u0308cher\u3002example'])
      expect([typed, await statusOf(typed, password)]).toEqual([typed, 200]);
  });

  it('an address is found under the key that an earlier version stored', async () => {
    const email = 'old@corp\u3002example';
    const { id, password } = await provider.addUser({ email, emailVerified: true });
    await provider.store.run((unit) => unit.manager.getRepository(UserEntity).update({ id }, { emailKey: email }));
    expect(await statusOf(email, password)).toBe(200);
  });

  it('names no account that two have confirmed in different forms', async () => {
    const one = await provider.addUser({ email: 'two@straße.example', emailVerified: true });
    await provider.addUser({ email: 'two@xn--strae-oqa.example', emailVerified: true });
    expect(await statusOf('two@straße.example', one.password)).toBe(401);
  });
});
