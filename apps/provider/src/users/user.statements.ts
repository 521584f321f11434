import type { Profile } from '@gatehouse/domain/oidc';
import { statement } from '@gatehouse/platform/database/store';

/** A user's row, one per role (one with `role` null if the user has none). */
export interface UserRoleRow {
  id: string;
  username: string;
  name: string | null;
  given_name: string | null;
  family_name: string | null;
  email: string | null;
  /** 0 or 1 on both engines. */
  email_verified: number;
  /** A `Profile` as JSON text. */
  profile: string | null;
  password_hash: string | null;
  created_at: number;
  updated_at: number;
  last_login_at: number | null;
  disabled_at: number | null;
  role: string | null;
}

/** A row of an account that a login name may identify. */
export interface UserNameRow extends UserRoleRow {
  /** 1 if the username matches, 0 if only the e-mail address does. */
  is_username: number;
}

/** The language that a user chose, from the `profile` column. */
export function localeOf(profile: string | null): string | undefined {
  return profile === null ? undefined : (JSON.parse(profile) as Profile).locale;
}

const columns = `u.id, u.username, u.name, u.given_name, u.family_name, u.email, u.email_verified, u.profile, u.password_hash,
  u.created_at, u.updated_at, u.last_login_at, u.disabled_at, r.role`;

export const userStatements = {
  // Read for every page, authorization request and UserInfo request: a named statement, not TypeORM.
  findById: statement(
    'users.find_by_id',
    `SELECT ${columns} FROM users u LEFT JOIN user_roles r ON r.user_id = u.id WHERE u.id = $1`,
  ),
  findByKey: statement(
    'users.find_by_key',
    `SELECT ${columns} FROM users u LEFT JOIN user_roles r ON r.user_id = u.id WHERE u.username_key = $1`,
  ),
  /**
   * The account with this username, and accounts with this confirmed e-mail address: at most two, which is enough to
   * detect an ambiguous address. One statement for both, so that the input does not affect which statement is executed.
   */
  findByName: statement(
    'users.find_by_name',
    `SELECT ${columns}, CASE WHEN u.username_key = $1 THEN 1 ELSE 0 END AS is_username
     FROM users u LEFT JOIN user_roles r ON r.user_id = u.id
     WHERE u.id IN (
       SELECT n.id FROM users n WHERE n.username_key = $1
       UNION SELECT e.id FROM (SELECT id FROM users WHERE email_key IN ($2, $3, $4) AND email_verified = TRUE ORDER BY id LIMIT 2) e)`,
  ),
  findName: statement('users.find_name', 'SELECT username FROM users WHERE id = $1'),
  /** An enabled administrator; those who can log in come first. */
  admins: statement(
    'user_roles.admins',
    `SELECT u.id, u.username, u.password_hash IS NOT NULL AS has_password FROM user_roles r JOIN users u ON u.id = r.user_id
     WHERE r.role = 'admin' AND u.disabled_at IS NULL ORDER BY has_password DESC, u.created_at LIMIT 1`,
  ),
  /**
   * Locks the rows until the unit of work ends: of two administrators who disable each other at once, one must see the
   * other's change.
   */
  lockAdmins: statement(
    'user_roles.lock_admins',
    `SELECT u.id FROM user_roles r JOIN users u ON u.id = r.user_id
     WHERE r.role = 'admin' AND u.disabled_at IS NULL ORDER BY u.id FOR UPDATE`,
    {
      sqlite: `SELECT u.id FROM user_roles r JOIN users u ON u.id = r.user_id WHERE r.role = 'admin' AND u.disabled_at IS NULL`,
    },
  ),
  /** Locks the row until the unit of work ends, so that a login and a change of its requirements are serialized. */
  lock: statement('users.lock', 'SELECT id FROM users WHERE id = $1 FOR UPDATE', {
    sqlite: 'SELECT id FROM users WHERE id = $1',
  }),
  /**
   * Locks the acting user's row. Stronger than FOR SHARE, so that two operations of one user on their own account are
   * serialized instead of deadlocking; weaker than FOR UPDATE, so that sessions and grants of the user can be inserted
   * concurrently.
   */
  hold: statement('users.hold', 'SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE', {
    sqlite: 'SELECT id FROM users WHERE id = $1',
  }),
  /** A later time at each call, so that a second one within a second invalidates what the account requested in between. */
  endAccess: statement(
    'users.end_access',
    `UPDATE users SET access_ended_at = CASE WHEN access_ended_at >= $2 THEN access_ended_at + 1 ELSE $2 END WHERE id = $1`,
  ),
  /** A login without a password. */
  recordKeyLogin: statement(
    'users.record_key_login',
    'UPDATE users SET last_login_at = $2 WHERE id = $1 AND disabled_at IS NULL',
  ),
  /** Only if the verified password is still current and the account is enabled. */
  recordLogin: statement(
    'users.record_login',
    'UPDATE users SET last_login_at = $2 WHERE id = $1 AND disabled_at IS NULL AND password_hash = $3',
  ),
};
