import type { Ddl } from '@gatehouse/platform/database/ddl';

/** Accounts, their second factors, and how they are invited and recovered. */
export function userTables(t: Ddl): readonly string[] {
  return [...accounts(t), ...links(t), ...factors(t)];
}

function accounts(t: Ddl): readonly string[] {
  return [
    `CREATE TABLE users (
      id ${t.id} PRIMARY KEY NOT NULL, username ${t.text} NOT NULL, username_key ${t.text} NOT NULL,
      name ${t.text}, given_name ${t.text}, family_name ${t.text},
      email ${t.text}, email_key ${t.text}, email_verified ${t.flag} NOT NULL,
      password_hash ${t.text}, password_changed_at ${t.instant},
      created_at ${t.instant} NOT NULL, updated_at ${t.instant} NOT NULL,
      last_login_at ${t.instant}, disabled_at ${t.instant}, profile ${t.json})`,
    `CREATE UNIQUE INDEX users_username_key ON users (username_key)`,
    `CREATE INDEX users_email_key ON users (email_key)`,
    `CREATE INDEX users_latest_login ON users ((COALESCE(last_login_at, 0)), id)`,
    // The collation of a PostgreSQL database, in which the indexes above are sorted, cannot find a prefix.
    ...(t.dialect === 'postgres'
      ? [
          `CREATE INDEX users_username_c ON users (username_key COLLATE "C", id)`,
          `CREATE INDEX users_email_c ON users (email_key COLLATE "C", id)`,
        ]
      : []),
    `CREATE TABLE user_roles (
      user_id ${t.id} NOT NULL REFERENCES users (id) ON DELETE CASCADE, role ${t.text} NOT NULL,
      PRIMARY KEY (user_id, role))`,
    `CREATE INDEX user_roles_role ON user_roles (role)`,
    `CREATE TABLE login_failures (
      bucket ${t.text} PRIMARY KEY NOT NULL, window_started_at ${t.instant} NOT NULL, failures ${t.integer} NOT NULL)`,
    `CREATE INDEX login_failures_window ON login_failures (window_started_at)`,
    `CREATE TABLE known_addresses (
      user_id ${t.id} NOT NULL REFERENCES users (id) ON DELETE CASCADE, address ${t.text} NOT NULL,
      last_login_at ${t.instant} NOT NULL, PRIMARY KEY (user_id, address))`,
  ];
}

function links(t: Ddl): readonly string[] {
  return [
    `CREATE TABLE one_time_links (
      selector ${t.selector}, verifier_hash ${t.bytes} NOT NULL, purpose ${t.text} NOT NULL, user_id ${t.id} NOT NULL,
      created_at ${t.instant} NOT NULL, expires_at ${t.instant} NOT NULL, consumed_at ${t.instant})`,
    `CREATE INDEX one_time_links_user ON one_time_links (user_id)`,
    `CREATE TABLE invitations (
      selector ${t.selector}, verifier_hash ${t.bytes} NOT NULL, email ${t.text} NOT NULL, email_key ${t.text} NOT NULL,
      roles ${t.json} NOT NULL, invited_by ${t.id}, created_at ${t.instant} NOT NULL,
      expires_at ${t.instant} NOT NULL, consumed_at ${t.instant})`,
    `CREATE INDEX invitations_email ON invitations (email_key)`,
    `CREATE INDEX invitations_expiry ON invitations (expires_at)`,
  ];
}

function factors(t: Ddl): readonly string[] {
  return [
    `CREATE TABLE totp_factors (
      user_id ${t.id} PRIMARY KEY NOT NULL REFERENCES users (id) ON DELETE CASCADE, seed_sealed ${t.text} NOT NULL,
      last_step ${t.instant} NOT NULL, failures ${t.integer} NOT NULL,
      created_at ${t.instant} NOT NULL, last_used_at ${t.instant})`,
    `CREATE TABLE recovery_codes (
      user_id ${t.id} NOT NULL REFERENCES users (id) ON DELETE CASCADE, code_hash ${t.text} NOT NULL,
      created_at ${t.instant} NOT NULL, used_at ${t.instant}, PRIMARY KEY (user_id, code_hash))`,
    `CREATE TABLE passkeys (
      id ${t.id} PRIMARY KEY NOT NULL, user_id ${t.id} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
      credential_id ${t.text} NOT NULL, public_key ${t.bytes} NOT NULL, counter ${t.instant} NOT NULL,
      transports ${t.json} NOT NULL, name ${t.text} NOT NULL, is_synced ${t.integer} NOT NULL,
      created_at ${t.instant} NOT NULL, last_used_at ${t.instant})`,
    `CREATE UNIQUE INDEX passkeys_credential ON passkeys (credential_id)`,
    `CREATE INDEX passkeys_user ON passkeys (user_id)`,
    `CREATE TABLE trusted_browsers (
      selector ${t.selector}, verifier_hash ${t.bytes} NOT NULL,
      user_id ${t.id} NOT NULL REFERENCES users (id) ON DELETE CASCADE, browser_hash ${t.bytes} NOT NULL,
      user_agent ${t.text}, address ${t.text},
      created_at ${t.instant} NOT NULL, last_used_at ${t.instant} NOT NULL, expires_at ${t.instant} NOT NULL)`,
    `CREATE INDEX trusted_browsers_user ON trusted_browsers (user_id, selector)`,
    `CREATE INDEX trusted_browsers_expiry ON trusted_browsers (expires_at)`,
    `CREATE TABLE role_requirements (
      role ${t.text} PRIMARY KEY NOT NULL, second_factor ${t.integer} NOT NULL, updated_at ${t.instant} NOT NULL)`,
  ];
}
