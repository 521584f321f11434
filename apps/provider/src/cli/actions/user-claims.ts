import { userPropertyNames, userPropertyOf } from '@gatehouse/domain/oidc';
import { UsageError } from '@gatehouse/platform/command-line';
import type { ProfileDraft } from '../../users/profile-form.js';
import type { User } from '../../users/user.js';
import { userPropertyFormOf } from '../../users/user-property-forms.js';
import { claimsDraft, userRepresentation, type ClaimTexts } from '../../users/user-representation.js';

const addressPrefix = 'address.';

/** The claims that `--claim` sets; the members of the address are prefixed with `address.`. */
const claimsOfOption: ReadonlySet<string> = new Set(
  userPropertyNames
    .filter((name) => userPropertyFormOf[name].option === 'claim')
    .map((name) => userPropertyOf[name])
    .map(({ memberOf, claim }) => (memberOf === 'address' ? addressPrefix + claim : claim)),
);

/**
 * The claims of a user, changed by `--claim name=value`; an empty value removes a claim.
 * @throws UsageError
 */
export function changedClaims(before: User, words: readonly string[]): ProfileDraft {
  const { address, ...claims } = textsOf(words);
  const current = userRepresentation(before) as ClaimTexts;
  const phone = claims['phone_number'];
  // A new number has not been verified by anybody.
  const unverified =
    phone !== undefined && phone !== before.profile.phoneNumber ? { phone_number_verified: false } : {};
  return claimsDraft({ ...current, ...unverified, ...claims, address: { ...current.address, ...address } });
}

/**
 * Reads `--claim name=value`, each claim once.
 * @throws UsageError for an unknown claim, and for one that has an option of its own
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
      throw new UsageError(
        `--claim ${JSON.stringify(word.slice(0, 60))}: give NAME=VALUE; the names are ${[...claimsOfOption].join(', ')}`,
      );
    if (typed.has(name)) throw new UsageError(`--claim ${name} was given twice`);
    typed.set(name, word.slice(equals + 1));
  }
  const verified = typed.get('phone_number_verified');
  if (verified !== undefined && verified !== 'true' && verified !== 'false')
    throw new UsageError('--claim phone_number_verified must be true or false');
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
