import { LogScan } from '../../../test/support/log-scan';
import { buildProvider } from '../../../test/support/processes';
import { loadSettings } from '../../config/settings';
import { CurrentSettings } from '../../settings/current-settings';
import { PasswordRules, type PasswordUse } from './password-rules';
import { PasswordStrength } from './password-strength';
import { SecondFactorLookup } from '../second-factor-lookup';

jest.setTimeout(120_000);

const owner = { username: 'ada.lovelace', name: 'Ada Byron', email: 'ada@countess.example' };

function rulesWith(strength: PasswordStrength, env: Record<string, string> = {}): PasswordRules {
  const settings = loadSettings({
    GATEHOUSE_ISSUER: 'https://login.riverbank.example',
    GATEHOUSE_PRODUCT_NAME: 'Otter Portal',
    GATEHOUSE_PASSWORD_MINIMUM: '8',
    ...env,
  });
  return new PasswordRules(settings, new CurrentSettings(settings), strength, new SecondFactorLookup());
}

const { log: quiet } = new LogScan();
const estimated = new PasswordStrength(quiet);
const unavailable = new PasswordStrength(quiet, { program: '/nowhere/worker.js' });
beforeAll(() => buildProvider());
afterAll(() => Promise.all([estimated.onModuleDestroy(), unavailable.onModuleDestroy()]));

describe.each([
  ['with the estimator', estimated],
  ['when the estimator is unavailable', unavailable],
])('the rules for a new password (NIST SP 800-63B-4 3.1.1.2), %s', (_name, strength) => {
  const rules = rulesWith(strength);
  const problem = async (password: string, use: PasswordUse = 'only factor'): Promise<string | undefined> =>
    (await rules.problem(password, { use, owner }))?.toString();

  it.each([
    'correct horse battery staple',
    'a few words make a good one',
    'ｆｅｗ wide letters',
    'ünïcödé päßwörter',
    'ada likes strong tea',
    '🐝🌻🍯🦊🐢🐇🦉🐞🌲🌊',
    'nothing of that name 1815',
    'gT4!xw9Qz#',
  ])('accepts %s', async (password) => {
    expect(await problem(password)).toBeUndefined();
  });

  it.each([
    'password',
    'Password',
    'ＰＡＳＳＷＯＲＤ',
    '12345678',
    'qwerty123456789',
    'qwertyuiopasdfgh',
    'passwordpassword',
    'iloveyouiloveyou',
    'iloveyou iloveyou',
    'abcdefghijklmnop',
    '1qaz2wsx3edc4rfv',
    'aaaaaaaaaaaaaaaa',
    '12121212121212121212',
  ])('rejects %s, a common password', async (password) => {
    expect(await problem(password)).toContain('tried first');
  });

  it.each([
    'ada.lovelace',
    'lovelace-ada-2026',
    'Countess_Ada_1815!',
    'Byron-Byron-Ada',
    'gatehouse-riverbank',
    'Otter-Portal-2026',
    'login.riverbank.example',
    'ADALOVELACEADALOVELACE',
  ])('rejects %s, which is made of public information', async (password) => {
    expect(await problem(password)).toMatch(/made of|tried first/);
  });

  it('reports the length first, counted in characters', async () => {
    const strict = rulesWith(strength, { GATEHOUSE_PASSWORD_MINIMUM: '15' });
    expect((await strict.problem('short', { use: 'only factor', owner }))?.toString()).toContain('at least 15');
    expect((await strict.problem('short', { use: 'beside a second factor', owner }))?.toString()).toContain(
      'at least 8',
    );
    expect(await problem('x'.repeat(257))).toContain('at most 256');
    expect(await problem('é'.normalize('NFD').repeat(4) + 'abc')).toContain('at least 8');
  });

  it('rejects a repetition of text shorter than the minimum and accepts one of longer text', async () => {
    const strict = rulesWith(strength, { GATEHOUSE_PASSWORD_MINIMUM: '15' });
    expect((await strict.problem('gT4xw9Qz-gT4xw9Qz', { use: 'only factor', owner }))?.toString()).toContain(
      'tried first',
    );
    expect(await strict.problem('gT4xw9Qz-gT4xw9Qz', { use: 'beside a second factor', owner })).toBeUndefined();
  });
});

describe('passwords that only the estimator detects', () => {
  const rules = rulesWith(estimated, { GATEHOUSE_PASSWORD_MINIMUM: '15' });

  it.each([
    'password1234567',
    'welcomewelcome123',
    'Passw0rd!Passw0rd!',
    'michaeljordan23',
    'manchesterunited',
    'P@ssw0rd12345678',
  ])('rejects %s', async (password) => {
    expect((await rules.problem(password, { use: 'only factor', owner }))?.toString()).toMatch(
      /tried first|easy to guess/,
    );
  });

  it('requires fewer guesses beside a second factor', async () => {
    expect((await rules.problem('kettle-moon-3', { use: 'only factor', owner }))?.toString()).toContain('at least 15');
    const short = rulesWith(estimated);
    const outcome = async (use: PasswordUse) => (await short.problem('moonkettle', { use, owner }))?.toString();
    expect(await outcome('only factor')).toContain('easy to guess');
    expect(await outcome('beside a second factor')).toBeUndefined();
  });
});
