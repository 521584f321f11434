import { UsersService } from '../../src/users/users.service';
import { Browser, send } from '../support/browser';
import { fieldsOf, sendFields } from '../support/forms';
import { startProvider, type TestProvider } from '../support/provider';
import { obtainTokens } from '../support/tokens';

const typed: Readonly<Record<string, string>> = {
  name: 'Ada Lovelace',
  givenName: 'Ada',
  middleName: 'King',
  familyName: 'Lovelace',
  nickname: 'Countess',
  birthdate: '1815-12-10',
  gender: 'female',
  locale: 'en-GB',
  zoneinfo: 'Europe/London',
  website: 'https://ada.example/',
  profilePage: 'https://example.com/ada',
  picture: 'https://example.com/ada.png',
  phoneNumber: '+44 20 7946-0958',
  'address-streetAddress': '12 St James’s Square\r\nGround floor',
  'address-postalCode': 'SW1Y 4JH',
  'address-locality': 'London',
  'address-region': 'England',
  'address-country': 'United Kingdom',
  'address-formatted': '',
};

describe('the profile page', () => {
  let provider: TestProvider;
  beforeAll(async () => (provider = await startProvider()));
  afterAll(() => provider.close());

  const at = (path: string): string => `${provider.issuer}${path}`;
  const userOf = async (id: string) => provider.app.get(UsersService).find(id);

  async function save(browser: Browser, path: string, values: Readonly<Record<string, string>>) {
    await browser.open(at(path));
    const others = fieldsOf(browser, path).filter(([name]) => !(name in values));
    return sendFields(browser, [...others, ...Object.entries(values)], path);
  }

  it('keeps every standard claim, and UserInfo tells it by scope (OpenID Connect Core 5.1, 5.4)', async () => {
    const person = await provider.addUser({ email: 'ada@example.com' });
    const browser = await provider.logIn(person);
    provider.clock.advance(7);
    expect((await save(browser, '/account/profile', typed)).status).toBe(303);
    const registered = await provider.addClient({ scope: ['openid', 'profile', 'email', 'address', 'phone'] });
    const { access_token: token } = await obtainTokens(provider, browser, registered, {
      scope: 'openid profile address phone',
    });
    const answer = await send(at('/oauth/userinfo'), { headers: { Authorization: `Bearer ${token}` } });
    expect(answer.json()).toEqual({
      sub: person.id,
      preferred_username: person.username,
      name: 'Ada Lovelace',
      given_name: 'Ada',
      middle_name: 'King',
      family_name: 'Lovelace',
      nickname: 'Countess',
      birthdate: '1815-12-10',
      gender: 'female',
      locale: 'en-GB',
      zoneinfo: 'Europe/London',
      website: 'https://ada.example/',
      profile: 'https://example.com/ada',
      picture: 'https://example.com/ada.png',
      updated_at: person.updatedAt + 7,
      phone_number: '+442079460958',
      phone_number_verified: false,
      address: {
        formatted: '12 St James’s Square\nGround floor\nSW1Y 4JH London\nEngland\nUnited Kingdom',
        street_address: '12 St James’s Square\nGround floor',
        postal_code: 'SW1Y 4JH',
        locality: 'London',
        region: 'England',
        country: 'United Kingdom',
      },
    });
  });

  it('shows what is kept, and forgets what is emptied', async () => {
    const person = await provider.addUser();
    const browser = await provider.logIn(person);
    await save(browser, '/account/profile', typed);
    expect((await browser.open(at('/account/profile'))).text).toContain('value="Europe/London"');
    const empty = Object.fromEntries(Object.keys(typed).map((name) => [name, ' ']));
    expect((await save(browser, '/account/profile', empty)).status).toBe(303);
    expect(await userOf(person.id)).toMatchObject({ name: undefined, profile: {} });
  });

  it('says what is wrong beside its field, focuses the first, keeps what was typed and stores nothing', async () => {
    const person = await provider.addUser();
    const browser = await provider.logIn(person);
    const wrong = {
      ...typed,
      birthdate: '10.12.1815',
      website: 'javascript:alert(1)',
      'address-country': 'x'.repeat(201),
    };
    const answer = await save(browser, '/account/profile', wrong);
    expect(answer.status).toBe(422);
    for (const field of ['birthdate', 'website', 'address-country']) {
      expect(answer.text).toContain(`id="f-${field}-problem"`);
      expect(answer.text).toContain(`href="#f-${field}"`);
    }
    expect(answer.text.match(/autofocus/g)).toHaveLength(1);
    expect(answer.text).toContain('value="10.12.1815"');
    expect(answer.text).toContain('Ground floor</textarea>');
    expect(await userOf(person.id)).toMatchObject({ profile: {} });
  });

  it('rejects a forged form (403) and shows it again', async () => {
    const person = await provider.addUser();
    const browser = await provider.logIn(person);
    await browser.open(at('/account/profile'));
    const answer = await sendFields(
      browser,
      [
        ['csrf', 'x'],
        ['nickname', 'forged'],
      ],
      '/account/profile',
    );
    expect(answer.status).toBe(403);
    expect(await userOf(person.id)).toMatchObject({ profile: {} });
  });

  it('redirects to the login without a session', async () => {
    const browser = new Browser();
    await browser.open(at('/account/profile'));
    expect(browser.address).toContain('/login');
  });

  it('an administrator edits it too; a number that the person changes is verified no more', async () => {
    const admin = await provider.logIn(await provider.addUser({ roles: ['admin'] }));
    const person = await provider.addUser();
    const path = `/user/update/${person.id}`;
    expect((await save(admin, path, { ...typed, phoneNumberVerified: 'yes' })).status).toBe(303);
    expect(await userOf(person.id)).toMatchObject({
      name: 'Ada Lovelace',
      profile: { phoneNumberVerified: true, address: { locality: 'London' } },
    });
    const browser = await provider.logIn(person);
    await save(browser, '/account/profile', { nickname: 'Ada' });
    expect((await userOf(person.id))?.profile).toMatchObject({ nickname: 'Ada', phoneNumberVerified: true });
    await save(browser, '/account/profile', { phoneNumber: '+4930123456' });
    expect((await userOf(person.id))?.profile.phoneNumberVerified).toBeUndefined();
  });

  it('gives a person nothing but their claims', async () => {
    const person = await provider.addUser({ email: 'a@example.com' });
    const browser = await provider.logIn(person);
    await save(browser, '/account/profile', {
      ...typed,
      username: 'root',
      role: 'admin',
      email: 'b@example.com',
      emailVerified: 'yes',
      phoneNumberVerified: 'yes',
    });
    const after = await userOf(person.id);
    expect(after).toMatchObject({
      username: person.username,
      email: 'a@example.com',
      emailVerified: false,
      roles: person.roles,
    });
    expect(after?.profile.phoneNumberVerified).toBeUndefined();
  });
});
