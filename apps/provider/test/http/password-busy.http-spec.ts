import { ServerBusy } from '@gatehouse/platform/http/failure';
import { OneTimeLinks } from '../../src/users/credentials/one-time-links.service';
import { PasswordHasher } from '../../src/users/credentials/password-hasher';
import { PasswordStrength } from '../../src/users/credentials/password-strength';
import { Browser, type Answer } from '../support/browser';
import { gateStrength } from '../support/gated-strength';
import { startProvider, type TestProvider } from '../support/provider';

jest.setTimeout(120_000);

const password = 'a long enough phrase 1';
/** More than an account may set in a quarter of an hour, and more than guesses at the current password. */
const tries = 32;

describe('what the server is too busy to look at uses up no try:', () => {
  let provider: TestProvider;
  beforeAll(async () => (provider = await startProvider({ env: { GATEHOUSE_SIGN_UP: 'open' } })));
  afterAll(() => provider.close());

  /** Sends so many while nothing is estimated and nothing may wait; then one that is estimated. */
  async function refusedThenEstimated(count: number, submit: () => Promise<Answer>): Promise<Answer> {
    const none = { maxWaiting: 0, maxOfSource: 1 };
    const gate = gateStrength(provider, { anonymous: none, identified: none });
    try {
      const blocking = provider.app.get(PasswordStrength).guesses('takes the only place', []);
      for (let round = 0; round < count; round++) expect((await submit()).status).toBe(503);
      gate.open();
      await blocking;
      return await submit();
    } finally {
      await gate.end();
    }
  }

  async function atAccount() {
    const user = await provider.addUser();
    const browser = await provider.logIn(user);
    return async (currentPassword = user.password) => {
      await browser.open(`${provider.issuer}/account`);
      return browser.submit({ action: 'password', currentPassword, newPassword: password }, { action: '/account' });
    };
  }

  async function atPage(url: string, fields: Readonly<Record<string, string>>) {
    const browser = new Browser();
    await browser.open(url);
    const { page, address } = browser;
    return () => Object.assign(browser, { page, address }).submit(fields);
  }

  it("a change of one's own password, by the estimate", async () => {
    const change = await atAccount();
    expect((await refusedThenEstimated(tries, change)).status).toBe(200);
  });

  it('a password by a link', async () => {
    const { id } = await provider.addUser();
    const link = await provider.store.run((unit) =>
      provider.app.get(OneTimeLinks).create(unit, { userId: id, purpose: 'set-password' }, provider.clock.now()),
    );
    expect((await refusedThenEstimated(tries, await atPage(link, { password }))).status).toBe(200);
  });

  it('a sign-up', async () => {
    const signUp = await atPage(`${provider.issuer}/sign-up`, { username: 'patient', password });
    expect((await refusedThenEstimated(152, signUp)).status).toBe(200);
  });

  it.each(['verify', 'hash'] as const)(
    "a change of one's own password, where the hasher does not %s",
    async (method) => {
      const change = await atAccount();
      const busy = jest.spyOn(provider.app.get(PasswordHasher), method).mockRejectedValue(new ServerBusy('busy'));
      try {
        for (let round = 0; round < tries; round++) expect((await change()).status).toBe(503);
      } finally {
        busy.mockRestore();
      }
      expect((await change('not the current one')).status).toBe(422);
      expect((await change()).status).toBe(200);
    },
  );
});
