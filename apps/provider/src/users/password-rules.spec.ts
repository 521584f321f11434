import { loadSettings } from '../config/settings';
import { PasswordRules } from './password-rules';

describe('the rules of a new password (NIST SP 800-63B-4 3.1.1.2)', () => {
  const rules = new PasswordRules(loadSettings({ GATEHOUSE_ISSUER: 'https://login.riverbank.example' }));
  const owner = { username: 'ada.lovelace', email: 'ada@countess.example' };
  const problem = async (password: string, minimum = 8): Promise<string | undefined> =>
    (await rules.problem(password, minimum, owner))?.toString();

  it.each([
    'a few words make a good one',
    'ｆｅｗ wide letters',
    'ünïcödé päßwörter',
    'ada likes strong tea',
    '🐝🌻🍯🦊🐢🐇🦉🐞🌲🌊',
    'nothing of that name 1815',
  ])('takes %s', async (password) => {
    expect(await problem(password)).toBeUndefined();
  });

  it.each([
    'password',
    'Password',
    'ＰＡＳＳＷＯＲＤ',
    'qwerty123456789',
    'passwordpassword',
    '1qaz2wsx3edc4rfv',
    'aaaaaaaaaaaaaaaa',
    '12121212121212121212',
  ])('refuses %s, which is tried first', async (password) => {
    expect(await problem(password)).toContain('tried first');
  });

  it.each([
    'ada.lovelace',
    'lovelace-ada-2026',
    'Countess_Ada_1815!',
    'gatehouse-riverbank',
    'login.riverbank.example',
    'ADALOVELACEADALOVELACE',
  ])('refuses %s, which is made of what everybody knows', async (password) => {
    expect(await problem(password)).toContain('made of');
  });

  it('says its length first, in characters as people count them', async () => {
    expect(await problem('short', 15)).toContain('at least 15');
    expect(await problem('x'.repeat(257))).toContain('at most 256');
    expect(await rules.problem('é'.normalize('NFD').repeat(4) + 'abcd', 8, owner)).toBeUndefined();
  });
});
