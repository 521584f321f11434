import { epochSeconds } from '@gatehouse/domain/kernel';
import { accountFields, type AccountField, type Profile } from '@gatehouse/domain/oidc';
import type { UserEntity } from './user.entity.js';
import type { UserNameRow, UserRoleRow } from './user.statements.js';
import type { User, UserDraft } from './user.js';

const noProfile: Profile = {};

/** The value of the profile column: null for an empty profile. */
export function profileOrNull(profile: Profile | undefined): Profile | null {
  return profile && Object.keys(profile).length > 0 ? profile : null;
}

/** The values of the account's text columns: null for empty text. */
export function accountColumns(draft: Pick<UserDraft, AccountField>): Readonly<Record<AccountField, string | null>> {
  // There is exactly one column per field.
  return Object.fromEntries(accountFields.map((field) => [field, draft[field] || null])) as Record<
    AccountField,
    string | null
  >;
}

/** The rows of the account that a login name identifies; none if an address matches several accounts. */
export function accountRowsOf(rows: readonly UserNameRow[]): readonly UserNameRow[] {
  const byUsername = rows.filter(({ is_username }) => is_username === 1);
  if (byUsername.length > 0) return byUsername;
  return rows.every(({ id }) => id === rows[0]?.id) ? rows : [];
}

/** Converts {@link UserRoleRow} rows to a user; undefined if there are none. */
export function userOf(rows: readonly UserRoleRow[]): User | undefined {
  const [row] = rows;
  if (!row) return undefined;
  return {
    id: row.id,
    username: row.username,
    name: row.name ?? undefined,
    givenName: row.given_name ?? undefined,
    familyName: row.family_name ?? undefined,
    email: row.email ?? undefined,
    emailVerified: row.email_verified === 1,
    profile: row.profile === null ? noProfile : (JSON.parse(row.profile) as Profile),
    hasPassword: row.password_hash !== null,
    roles: rows.flatMap(({ role }) => role ?? []).sort(),
    createdAt: epochSeconds(row.created_at),
    updatedAt: epochSeconds(row.updated_at),
    lastLoginAt: row.last_login_at === null ? undefined : epochSeconds(row.last_login_at),
    disabledAt: row.disabled_at === null ? undefined : epochSeconds(row.disabled_at),
  };
}

/** Converts an entity to a user. */
export function toUser(row: UserEntity, roles: readonly string[]): User {
  return {
    id: row.id,
    username: row.username,
    name: row.name ?? undefined,
    givenName: row.givenName ?? undefined,
    familyName: row.familyName ?? undefined,
    email: row.email ?? undefined,
    emailVerified: row.emailVerified,
    profile: row.profile ?? noProfile,
    hasPassword: row.passwordHash !== null,
    roles: [...roles].sort(),
    createdAt: epochSeconds(row.createdAt),
    updatedAt: epochSeconds(row.updatedAt),
    lastLoginAt: row.lastLoginAt === null ? undefined : epochSeconds(row.lastLoginAt),
    disabledAt: row.disabledAt === null ? undefined : epochSeconds(row.disabledAt),
  };
}
