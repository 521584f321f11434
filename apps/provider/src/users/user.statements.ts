import type { Profile } from '@gatehouse/domain/oidc';
import { statement } from '@gatehouse/platform/database/store';

/** A user's row, once for each of its roles (and once with `role` null for a user who has none). */
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

/** A row of what somebody who signs in may mean by the name that they typed. */
export interface UserNameRow extends UserRoleRow {
  /** 1 where their username is what was typed, 0 where only their e-mail address is. */
  is_username: number;
}

/** The language that a person told of themselves, by the `profile` of their row. */
export function localeOf(profile: string | null): string | undefined {
  return profile === null ? undefined : (JSON.parse(profile) as Profile).locale;
}

const columns = `u.id, u.username, u.name, u.given_name, u.family_name, u.email, u.email_verified, u.profile, u.password_hash,
  u.created_at, u.updated_at, u.last_login_at, u.disabled_at, r.role`;

export const userStatements = {
  // Read at every page, authorization request and UserInfo request: by name, not through TypeORM.
  findById: statement(
    'users.find_by_id',
    `SELECT ${columns} FROM users u LEFT JOIN user_roles r ON r.user_id = u.id WHERE u.id = $1`,
  ),
  findByKey: statement(
    'users.find_by_key',
    `SELECT ${columns} FROM users u LEFT JOIN user_roles r ON r.user_id = u.id WHERE u.username_key = $1`,
  ),
  /**
   * Whose username it is, and who has confirmed that e-mail address: two accounts at most, which is enough to know that an
   * address names none. One statement for both, so that what was typed does not decide what is executed.
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
  /** The administrators who are not switched off; those who can log in first. */
  admins: statement(
    'user_roles.admins',
    `SELECT u.id, u.username, u.password_hash IS NOT NULL AS has_password FROM user_roles r JOIN users u ON u.id = r.user_id
     WHERE r.role = 'admin' AND u.disabled_at IS NULL ORDER BY has_password DESC, u.created_at LIMIT 1`,
  ),
  /** Locked until the unit ends: of two administrators who switch each other off, one must see the other's doing. */
  lockAdmins: statement(
    'user_roles.lock_admins',
    `SELECT u.id FROM user_roles r JOIN users u ON u.id = r.user_id
     WHERE r.role = 'admin' AND u.disabled_at IS NULL ORDER BY u.id FOR UPDATE`,
    {
      sqlite: `SELECT u.id FROM user_roles r JOIN users u ON u.id = r.user_id WHERE r.role = 'admin' AND u.disabled_at IS NULL`,
    },
  ),
  /** Held until the unit ends: a login and a change of what it must prove come one after the other. */
  lock: statement('users.lock', 'SELECT id FROM users WHERE id = $1 FOR UPDATE', {
    sqlite: 'SELECT id FROM users WHERE id = $1',
  }),
  /**
   * Whoever acts, held while they do. Stronger than FOR SHARE, so that two operations of one person on their own account
   * come one after the other instead of deadlocking; weaker than FOR UPDATE, so that sessions and grants of theirs can be
   * inserted meanwhile.
   */
  hold: statement('users.hold', 'SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE', {
    sqlite: 'SELECT id FROM users WHERE id = $1',
  }),
  /** A login without a password. */
  recordKeyLogin: statement(
    'users.record_key_login',
    'UPDATE users SET last_login_at = $2 WHERE id = $1 AND disabled_at IS NULL',
  ),
  /** Only for the password that was verified: it may have been changed, or the account switched off, meanwhile. */
  recordLogin: statement(
    'users.record_login',
    'UPDATE users SET last_login_at = $2 WHERE id = $1 AND disabled_at IS NULL AND password_hash = $3',
  ),
};
