import type { ProfileDraft } from '../users/profile-form.js';
import { addressClaims, claimsDraft, profileClaims } from '../users/user-representation.js';
import { UsageError } from './usage.js';

const addressPrefix = 'address.';

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
      (name.startsWith(addressPrefix) && Object.hasOwn(addressClaims, name.slice(addressPrefix.length)));
    if (!known) throw new UsageError(`--claim ${JSON.stringify(word.slice(0, 60))}: NAME=VALUE, of a standard claim`);
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
  return claimsDraft({ ...claims, address, phone_number_verified: verified === 'true' });
}
