import { accountClaims, addressClaims, profileClaims, normalizeProfile } from '@gatehouse/domain/oidc';
import type { ProfileDraft } from './profile-form.js';
import type { User } from './user.js';

/**
 * An account as JSON, for the command line and the API: standard claims under their names, and what administrators see
 * in addition. Times are seconds since the epoch.
 */
export function userRepresentation(user: User): Record<string, unknown> {
  const { profile } = user;
  const pick = <T extends object>(from: T | undefined, names: Readonly<Record<string, keyof T>>): object =>
    Object.fromEntries(
      Object.entries(names).flatMap(([name, field]) => (from?.[field] === undefined ? [] : [[name, from[field]]])),
    );
  const address = pick(profile.address, addressClaims);
  return {
    id: user.id,
    username: user.username,
    ...Object.fromEntries(Object.entries(accountClaims).map(([name, field]) => [name, user[field] ?? null])),
    ...pick(profile, profileClaims),
    ...(profile.phoneNumber === undefined ? {} : { phone_number_verified: profile.phoneNumberVerified ?? false }),
    ...(Object.keys(address).length > 0 ? { address } : {}),
    email: user.email ?? null,
    email_verified: user.emailVerified,
    roles: user.roles,
    has_password: user.hasPassword,
    disabled: user.disabledAt !== undefined,
    created_at: user.createdAt,
    updated_at: user.updatedAt,
    last_login_at: user.lastLoginAt ?? null,
  };
}

/**
 * Warnings about an address that an administrator has just entered; none for a verified address or without an address.
 * @param remedy how to verify it, as a sentence
 */
export function emailWarnings(user: User, remedy: string): { readonly warnings?: readonly string[] } {
  if (user.email === undefined || user.emailVerified) return {};
  return {
    warnings: [
      `The e-mail address is not verified: the person cannot log in with it, and applications get email_verified=false. ${remedy}`,
    ],
  };
}

/** Texts by claim name; members of an address under `address`. */
export interface ClaimTexts {
  readonly [claim: string]: unknown;
  readonly address?: Readonly<Record<string, string | null | undefined>> | null | undefined;
}

/** Parses the claims that {@link userRepresentation} writes. Ignores members that are not claims. */
export function claimsDraft(claims: ClaimTexts): ProfileDraft {
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  const read = (from: Readonly<Record<string, unknown>>, names: Readonly<Record<string, string>>): object =>
    Object.fromEntries(Object.entries(names).map(([name, field]) => [field, text(from[name])]));
  return {
    ...read(claims, accountClaims),
    profile: normalizeProfile({
      ...read(claims, profileClaims),
      address: read(claims.address ?? {}, addressClaims),
      phoneNumberVerified: claims['phone_number_verified'] === true,
    }),
  };
}
