import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Factors } from '../../src/users/factors/factors.service';
import { Invitations } from '../../src/users/invitations/invitations.service';
import { OneTimeLinks } from '../../src/users/credentials/one-time-links.service';
import { UsersService } from '../../src/users/users.service';
import { adminApi } from '../support/admin-api';
import { Browser } from '../support/browser';
import { addApp } from '../support/factors';
import { fieldsOf, sendFields } from '../support/forms';
import { buildProvider, runCommand, runProvider, type Finished } from '../support/processes';
import { startProvider, type TestProvider } from '../support/provider';

jest.setTimeout(120_000);

interface Outcome {
  readonly refused: boolean;
  readonly said: string;
}

describe('a new password meets one rule, wherever it is set', () => {
  let provider: TestProvider;
  beforeAll(async () => {
    await buildProvider();
    provider = await startProvider({ env: { GATEHOUSE_SIGN_UP: 'open', GATEHOUSE_PRODUCT_NAME: 'Otter Portal' } });
  });
  afterAll(() => provider.close());

  let names = 0;
  const fresh = (): string => `chooser-${++names}`;
  const at = (path: string): string => `${provider.issuer}${path}`;
  const outcomeOf = ({ status, text }: { status: number; text: string }): Outcome => ({
    refused: status === 422 || status === 400,
    said: text,
  });

  const link = async (): Promise<string> => {
    const user = await provider.addUser();
    return provider.store.run((unit) =>
      provider.app.get(OneTimeLinks).create(unit, { userId: user.id, purpose: 'set-password' }, provider.clock.now()),
    );
  };
  const filled = async (url: string, fields: Record<string, string>): Promise<Outcome> => {
    const browser = new Browser();
    await browser.open(url);
    return outcomeOf(await browser.submit(fields));
  };
  const command = (words: string[], password: string): Promise<Finished> =>
    runCommand(
      words,
      {
        GATEHOUSE_DATABASE_URL: provider.databaseUrl,
        GATEHOUSE_SECRET_KEY: provider.secretKey,
        GATEHOUSE_ISSUER: provider.issuer,
        GATEHOUSE_PRODUCT_NAME: 'Otter Portal',
      },
      `${password}\n`,
    );
  const ofCommand = ({ code, stderr }: Finished): Outcome => ({ refused: code === 1, said: stderr });

  const entries: Readonly<Record<string, (password: string) => Promise<Outcome>>> = {
    'sign-up': (password) => filled(at('/sign-up'), { username: fresh(), password }),
    invitation: async (password) => {
      const invited = await provider.store.run((unit) =>
        provider.app
          .get(Invitations)
          .invite(
            unit,
            { email: `${fresh()}@example.com`, roles: ['user'], createdBy: undefined },
            provider.clock.now(),
          ),
      );
      return filled(invited, { username: fresh(), password });
    },
    'a link that sets it': async (password) => filled(await link(), { password }),
    'the account page': async (password) => {
      const user = await provider.addUser();
      const browser = await provider.logIn(user);
      await browser.open(at('/account'));
      const csrf = fieldsOf(browser, '/account').filter(([name]) => name === 'csrf');
      return outcomeOf(
        await sendFields(
          browser,
          [...csrf, ['currentPassword', user.password], ['newPassword', password], ['action', 'password']],
          '/account',
        ),
      );
    },
    'the API': async (password) => {
      const api = await adminApi(provider);
      return outcomeOf(await api.call('POST', 'users', { username: fresh(), password }));
    },
    'user add': async (password) =>
      ofCommand(await command(['user', 'add', '--username', fresh(), '--password-stdin', '--json'], password)),
    'user reset-password': async (password) => {
      const { username } = await provider.addUser();
      return ofCommand(
        await command(['user', 'reset-password', '--username', username, '--password-stdin', '--json'], password),
      );
    },
    GATEHOUSE_ADMIN_PASSWORD: async (password) => {
      const folder = mkdtempSync(join(tmpdir(), 'gatehouse-first-start-'));
      try {
        const running = await runProvider({ GATEHOUSE_ADMIN_PASSWORD: password, GATEHOUSE_DATA_DIR: folder });
        await running.stop();
        return { refused: false, said: '' };
      } catch (error) {
        return { refused: true, said: String(error) };
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };

  describe.each(Object.entries(entries))('%s', (_name, choose) => {
    it('takes a good one', async () => {
      expect(await choose('correct horse battery staple')).toMatchObject({ refused: false });
    });

    it.each([
      ['one that is too short', '12345678', 'at least 15'],
      ['a repetition of a common one', 'iloveyouiloveyou', 'tried first'],
      ['a common one that was made longer', 'password1234567', 'tried first'],
      ['one that is easy to guess', 'christopher1990', 'easy to guess'],
    ])('refuses %s', async (_what, password, sentence) => {
      const outcome = await choose(password);
      expect(outcome.refused).toBe(true);
      expect(outcome.said).toContain(sentence);
    });
  });

  it('does not consist of the name of the product', async () => {
    const outcome = await filled(at('/sign-up'), { username: fresh(), password: 'otter-portal-2026' });
    expect(outcome.refused).toBe(true);
    expect(outcome.said).toContain('the name of this site');
  });

  it('may be of eight characters beside a second factor', async () => {
    const user = await provider.addUser();
    await addApp(provider, await provider.logIn(user));
    expect(await provider.app.get(Factors).hasAny(user.id)).toBe(true);
    const words = ['user', 'reset-password', '--username', user.username, '--password-stdin', '--json'];
    expect(ofCommand(await command(words, 'gT4!xw9Q'))).toMatchObject({ refused: false });
    expect((await provider.app.get(UsersService).find(user.id))?.hasPassword).toBe(true);
  });

  it.each([
    ['8', 'gT4!xw9Q', 200],
    ['30', 'correct horse battery staple', 422],
  ])('has %s characters at least where GATEHOUSE_PASSWORD_MINIMUM says so', async (minimum, password, status) => {
    const other = await startProvider({ env: { GATEHOUSE_SIGN_UP: 'open', GATEHOUSE_PASSWORD_MINIMUM: minimum } });
    try {
      const browser = new Browser();
      expect((await browser.open(`${other.issuer}/sign-up`)).text).toContain(minimum);
      expect((await browser.submit({ username: fresh(), password })).status).toBe(status);
    } finally {
      await other.close();
    }
  });
});
