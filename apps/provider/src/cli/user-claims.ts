import { tidyProfile, type PostalAddress, type ProfileField } from '@gatehouse/domain/oidc';
import type { ProfileDraft } from '../users/profile-form.js';
import { UsageError } from './usage.js';

/** The standard claims that are typed as they are told, by their names on the wire (OpenID Connect Core 5.1). */
const profileClaims: Readonly<Record<string, ProfileField>> = {
  middle_name: 'middleName',
  nickname: 'nickname',
  profile: 'profilePage',
  picture: 'picture',
  website: 'website',
  gender: 'gender',
  birthdate: 'birthdate',
  zoneinfo: 'zoneinfo',
  locale: 'locale',
  phone_number: 'phoneNumber',
};

const addressClaims: Readonly<Record<string, keyof PostalAddress>> = {
  'address.formatted': 'formatted',
  'address.street_address': 'streetAddress',
  'address.locality': 'locality',
  'address.region': 'region',
  'address.postal_code': 'postalCode',
  'address.country': 'country',
};

/**
 * Reads `--claim name=value`, each claim once.
 * @throws UsageError for a claim that there is not, or that has an option of its own
 */
export function readClaims(words: readonly string[]): ProfileDraft {
  const typed = new Map<string, string>();
  for (const word of words) {
    const equals = word.indexOf('=');
    const name = word.slice(0, Math.max(equals, 0));
    const known =
      ['name', 'given_name', 'family_name', 'phone_number_verified'].includes(name) ||
      Object.hasOwn(profileClaims, name) ||
      Object.hasOwn(addressClaims, name);
    if (!known) throw new UsageError(`--claim ${JSON.stringify(word.slice(0, 60))}: NAME=VALUE, of a standard claim`);
    if (typed.has(name)) throw new UsageError(`--claim ${name} comes twice`);
    typed.set(name, word.slice(equals + 1));
  }
  const verified = typed.get('phone_number_verified');
  if (verified !== undefined && verified !== 'true' && verified !== 'false')
    throw new UsageError('--claim phone_number_verified is true or false');
  const pick = (names: Readonly<Record<string, string>>): Record<string, string | undefined> =>
    Object.fromEntries(Object.entries(names).map(([name, field]) => [field, typed.get(name)]));
  return {
    name: typed.get('name'),
    givenName: typed.get('given_name'),
    familyName: typed.get('family_name'),
    profile: tidyProfile({
      ...pick(profileClaims),
      address: pick(addressClaims),
      phoneNumberVerified: verified === 'true',
    }),
  };
}
