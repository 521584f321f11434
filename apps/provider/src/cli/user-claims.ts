import { userPropertyNames, userPropertyOf } from '@gatehouse/domain/oidc';
import type { ProfileDraft } from '../users/profile-form.js';
import type { User } from '../users/user.js';
import { userPropertyFormOf } from '../users/user-property-forms.js';
import { claimsDraft, userRepresentation, type ClaimTexts } from '../users/user-representation.js';
import { UsageError } from './usage.js';

const addressPrefix = 'address.';

/** What `--claim` takes; an address's members after `address.`. */
const claimsOfOption: ReadonlySet<string> = new Set(
  userPropertyNames
    .filter((name) => userPropertyFormOf[name].option === 'claim')
    .map((name) => userPropertyOf[name])
    .map(({ memberOf, claim }) => (memberOf === 'address' ? addressPrefix + claim : claim)),
);

/**
 * What a person's claims are with those of `--claim name=value`; an empty value takes one away.
 * @throws UsageError
 */
export function changedClaims(before: User, words: readonly string[]): ProfileDraft {
  const { address, ...claims } = textsOf(words);
  const is = userRepresentation(before) as ClaimTexts;
  const phone = claims['phone_number'];
  // Another number: nobody has proved it yet.
  const unproved = phone !== undefined && phone !== before.profile.phoneNumber ? { phone_number_verified: false } : {};
  return claimsDraft({ ...is, ...unproved, ...claims, address: { ...is.address, ...address } });
}

/**
 * Reads `--claim name=value`, each claim once.
 * @throws UsageError for a claim that there is not, or that has an option of its own
 */
export function readClaims(words: readonly string[]): ProfileDraft {
  return claimsDraft(textsOf(words));
}

function textsOf(words: readonly string[]): ClaimTexts {
  const typed = new Map<string, string>();
  for (const word of words) {
    const equals = word.indexOf('=');
    const name = word.slice(0, Math.max(equals, 0));
    if (!claimsOfOption.has(name))
      throw new UsageError(`--claim ${JSON.stringify(word.slice(0, 60))}: NAME=VALUE, of a standard claim`);
    if (typed.has(name)) throw new UsageError(`--claim ${name} comes twice`);
    typed.set(name, word.slice(equals + 1));
  }
  const verified = typed.get('phone_number_verified');
  if (verified !== undefined && verified !== 'true' && verified !== 'false')
    throw new UsageError('--claim phone_number_verified is true or false');
  const claims = Object.fromEntries([...typed].filter(([name]) => !name.startsWith(addressPrefix)));
  const address = Object.fromEntries(
    [...typed].flatMap(([name, value]) =>
      name.startsWith(addressPrefix) ? [[name.slice(addressPrefix.length), value]] : [],
    ),
  );
  return {
    ...claims,
    address,
    ...(verified === undefined ? {} : { phone_number_verified: verified === 'true' }),
  };
}
