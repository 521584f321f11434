import { epochSeconds } from '../kernel/index.js';
import { claimNames, claimNamesOf, claimValues, type Person } from './claims.js';
import { accountFields, addressFields, profileFields, userPropertyNames, userPropertyOf } from './user-properties.js';

const person = (of: Partial<Person>): Person => ({
  username: 'ada',
  emailVerified: false,
  profile: {},
  updatedAt: epochSeconds(1),
  roles: [],
  ...of,
});

describe('the properties of an account', () => {
  it('are each told by a claim that metadata lists, members of an address within it', () => {
    for (const name of userPropertyNames) {
      const { claim, memberOf } = userPropertyOf[name];
      expect([name, claimNames.some((known) => known === (memberOf === 'address' ? 'address' : claim))]).toEqual([
        name,
        true,
      ]);
    }
    expect(new Set(claimNames).size).toBe(claimNames.length);
  });

  it('are asked for by the scopes of OpenID Connect Core 5.4', () => {
    expect(claimNamesOf(['profile']).sort()).toEqual(
      [
        ...['name', 'family_name', 'given_name', 'middle_name', 'nickname', 'preferred_username', 'profile', 'picture'],
        ...['website', 'gender', 'birthdate', 'zoneinfo', 'locale', 'updated_at'],
      ].sort(),
    );
    expect(claimNamesOf(['email', 'address', 'phone'])).toEqual([
      'email',
      'email_verified',
      'address',
      'phone_number',
      'phone_number_verified',
    ]);
  });

  it.each([...accountFields, ...profileFields])('%s is told as it is, and left out where there is none', (name) => {
    const { claim, memberOf } = userPropertyOf[name];
    const of = memberOf === 'account' ? { [name]: 'value' } : { profile: { [name]: 'value' } };
    expect(claimValues(person(of), [claim])).toEqual({ [claim]: 'value' });
    expect(claimValues(person({}), [claim])).toEqual({});
  });

  it.each(addressFields)('%s stands within the claim address', (name) => {
    const { claim } = userPropertyOf[name];
    const { address } = claimValues(person({ profile: { address: { [name]: 'value' } } }), ['address']);
    expect(address).toMatchObject({ [claim]: 'value' });
  });

  it.each([
    ['email_verified', { email: 'a@mail.test' }, { email: 'a@mail.test', emailVerified: true }],
    [
      'phone_number_verified',
      { profile: { phoneNumber: '+16045551234' } },
      { profile: { phoneNumber: '+16045551234', phoneNumberVerified: true } },
    ],
  ])('%s is false by default, and left out without what it is about', (claim, unverified, verified) => {
    expect(claimValues(person({}), [claim])).toEqual({});
    expect(claimValues(person(unverified), [claim])).toEqual({ [claim]: false });
    expect(claimValues(person(verified), [claim])).toEqual({ [claim]: true });
  });

  it('verify only properties that there are', () => {
    const flags = userPropertyNames.filter((name) => userPropertyOf[name].codec === 'flag');
    expect(flags.map((name) => userPropertyOf[name].verifies)).toEqual(['email', 'phoneNumber']);
  });
});
