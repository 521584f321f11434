import {
  maySetProperty,
  userPropertyNames,
  userPropertyOf,
  type UserProperty,
  type UserPropertyName,
} from '@gatehouse/domain/oidc';
import { userRepresentation } from '../../src/users/user-representation';
import { UsersService } from '../../src/users/users.service';
import { adminApi, type AdminApiClient } from '../support/admin-api';
import { Browser } from '../support/browser';
import { fieldsOf } from '../support/forms';
import { startProvider, type TestProvider } from '../support/provider';

/** A right value of each property, other than the one that `before` has. */
const sent: Readonly<Record<UserPropertyName, string | boolean>> = {
  name: 'Grace Hopper',
  givenName: 'Grace',
  familyName: 'Hopper',
  middleName: 'Brewster',
  nickname: 'Amazing',
  username: 'grace-2',
  profilePage: 'https://grace.test/about',
  picture: 'https://grace.test/me.png',
  website: 'https://grace.test/',
  gender: 'female',
  birthdate: '1906-12-09',
  zoneinfo: 'America/New_York',
  locale: 'en-US',
  email: 'other@people.test',
  emailVerified: true,
  phoneNumber: '+16045551234',
  phoneNumberVerified: true,
  formatted: 'The Navy',
  streetAddress: '1 Main Street',
  locality: 'Arlington',
  region: 'VA',
  postalCode: '22202',
  country: 'US',
};

/** The name of its field in forms. */
function fieldOf(name: UserPropertyName): string {
  return userPropertyOf[name].memberOf === 'address' ? `address-${name}` : name;
}

function memberOf(representation: object, row: UserProperty): unknown {
  const members = new Map<string, unknown>(Object.entries(representation));
  const within =
    row.memberOf === 'address' ? new Map<string, unknown>(Object.entries(members.get('address') ?? {})) : members;
  return within.get(nameAtApi(row)) ?? undefined;
}

describe('properties of an account', () => {
  let provider: TestProvider;
  let api: AdminApiClient;
  let people = 0;

  beforeAll(async () => {
    provider = await startProvider({ env: { GATEHOUSE_SIGN_UP: 'open', GATEHOUSE_THROTTLE: 'off' } });
    api = await adminApi(provider);
  });
  afterAll(() => provider.close());

  async function representationOf(id: string): Promise<object> {
    const user = await provider.app.get(UsersService).find(id);
    if (!user) throw new Error('nobody');
    return userRepresentation(user);
  }

  const addPerson = () => {
    const n = ++people;
    const email = `person-${n}@people.test`;
    return provider.addUser({ username: `own-${n}`, email, profile: { phoneNumber: '+493012345' } });
  };

  it.each(userPropertyNames)(
    '%s is set by its person where the table says so, and else ignored and kept',
    async (name) => {
      const row = userPropertyOf[name];
      const user = await addPerson();
      const before = memberOf(await representationOf(user.id), row);
      const browser = await provider.logIn(user);
      await browser.open(`${provider.base}/account/profile`);
      const form = new URLSearchParams(fieldsOf(browser, '/account/profile'));
      form.set(fieldOf(name), String(sent[name]));
      const answer = await browser.send(`${provider.base}/account/profile`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: provider.issuer },
        body: form.toString(),
      });
      expect(answer.status).toBe(303);
      const after = memberOf(await representationOf(user.id), row);
      expect(after).toEqual(maySetProperty('person', name) ? sent[name] : before);
    },
  );

  it.each(userPropertyNames)('%s is set by administrators at the API', async (name) => {
    const row = userPropertyOf[name];
    const user = await addPerson();
    const patch =
      row.memberOf === 'address' ? { address: { [row.claim]: sent[name] } } : { [nameAtApi(row)]: sent[name] };
    const answer = await api.call('PATCH', `users/${user.id}`, patch, {
      'Content-Type': 'application/merge-patch+json',
    });
    expect([answer.status, maySetProperty('administrator', name)]).toEqual([200, true]);
    expect(memberOf(await representationOf(user.id), row)).toEqual(sent[name]);
  });

  it('are set at sign-up where the table says so, and else ignored', async () => {
    const browser = new Browser();
    await browser.open(`${provider.base}/sign-up`);
    const form = new URLSearchParams(fieldsOf(browser, '/sign-up'));
    for (const name of userPropertyNames) form.set(fieldOf(name), String(sent[name]));
    form.set('username', 'newcomer');
    form.set('password', 'correct horse battery staple');
    const answer = await browser.send(`${provider.base}/sign-up`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: provider.issuer },
      body: form.toString(),
    });
    expect(answer.status).toBe(303);
    const user = await provider.app.get(UsersService).findByUsername('newcomer');
    const made = userRepresentation(user ?? fail());
    for (const name of userPropertyNames) {
      if (name === 'username') continue;
      const none = userPropertyOf[name].codec === 'flag' && name === 'emailVerified' ? false : undefined;
      const expected = maySetProperty('sign-up', name) ? sent[name] : none;
      expect([name, memberOf(made, userPropertyOf[name])]).toEqual([name, expected]);
    }
  });
});

/** Of an account it is the username; only applications know it as the name that is preferred. */
function nameAtApi({ claim }: UserProperty): string {
  return claim === 'preferred_username' ? 'username' : claim;
}

function fail(): never {
  throw new Error('nobody signed up');
}
