import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The first schema. One text for both engines: the column types come from the portable vocabulary.
 *
 * Hot tables (codes, tokens, grants, kept requests, sessions) carry no foreign keys: their rows end by purge and by
 * one UPDATE on their grant, and a key check on every insert would be paid by each login for nothing.
 */
export class FirstSchema1764000000001 implements MigrationInterface {
  readonly name = 'FirstSchema1764000000001';

  async up(runner: QueryRunner): Promise<void> {
    const t = ddl(runner);
    for (const text of [
      `CREATE TABLE counters (name ${t.text} PRIMARY KEY NOT NULL, value ${t.integer} NOT NULL)`,
      `CREATE TABLE leases (name ${t.text} PRIMARY KEY NOT NULL, holder ${t.text} NOT NULL, expires_at ${t.instant} NOT NULL)`,
      `CREATE TABLE cache_versions (topic ${t.text} PRIMARY KEY NOT NULL, version ${t.integer} NOT NULL)`,
      `CREATE TABLE audit_events (
        selector ${t.selector}, at ${t.instant} NOT NULL, type ${t.text} NOT NULL,
        actor_id ${t.text}, client_id ${t.text}, subject_id ${t.text},
        address ${t.text}, request_id ${t.text}, details ${t.json} NOT NULL)`,
      `CREATE INDEX audit_events_subject ON audit_events (subject_id, selector)`,

      `CREATE TABLE users (
        id ${t.id} PRIMARY KEY NOT NULL, username ${t.text} NOT NULL, username_key ${t.text} NOT NULL,
        name ${t.text}, given_name ${t.text}, family_name ${t.text},
        email ${t.text}, email_key ${t.text}, email_verified ${t.flag} NOT NULL,
        password_hash ${t.text}, password_changed_at ${t.instant},
        created_at ${t.instant} NOT NULL, updated_at ${t.instant} NOT NULL,
        last_login_at ${t.instant}, disabled_at ${t.instant})`,
      `CREATE UNIQUE INDEX users_username_key ON users (username_key)`,
      `CREATE INDEX users_email_key ON users (email_key)`,
      `CREATE TABLE user_roles (
        user_id ${t.id} NOT NULL REFERENCES users (id) ON DELETE CASCADE, role ${t.text} NOT NULL,
        PRIMARY KEY (user_id, role))`,
      `CREATE INDEX user_roles_role ON user_roles (role)`,
      `CREATE TABLE one_time_links (
        selector ${t.selector}, verifier_hash ${t.bytes} NOT NULL, purpose ${t.text} NOT NULL, user_id ${t.id} NOT NULL,
        created_at ${t.instant} NOT NULL, expires_at ${t.instant} NOT NULL, consumed_at ${t.instant})`,
      `CREATE INDEX one_time_links_user ON one_time_links (user_id)`,
      `CREATE TABLE login_failures (
        bucket ${t.text} PRIMARY KEY NOT NULL, window_started_at ${t.instant} NOT NULL, failures ${t.integer} NOT NULL)`,
      `CREATE INDEX login_failures_window ON login_failures (window_started_at)`,
      `CREATE TABLE known_addresses (
        user_id ${t.id} NOT NULL REFERENCES users (id) ON DELETE CASCADE, address ${t.text} NOT NULL,
        last_login_at ${t.instant} NOT NULL, PRIMARY KEY (user_id, address))`,

      `CREATE TABLE signing_keys (
        kid ${t.id} PRIMARY KEY NOT NULL, algorithm ${t.text} NOT NULL, public_jwk ${t.json} NOT NULL,
        private_jwk_sealed ${t.text} NOT NULL, created_at ${t.instant} NOT NULL, signs_from ${t.instant} NOT NULL,
        retired_at ${t.instant})`,

      `CREATE TABLE sessions (
        selector ${t.selector}, id ${t.id} NOT NULL, verifier_hash ${t.bytes} NOT NULL, user_id ${t.id} NOT NULL,
        is_full ${t.integer} NOT NULL, auth_time ${t.instant} NOT NULL, amr ${t.json} NOT NULL, acr ${t.text},
        created_at ${t.instant} NOT NULL, last_seen_at ${t.instant} NOT NULL, expires_at ${t.instant} NOT NULL,
        ended_at ${t.instant}, user_agent ${t.text}, address ${t.text})`,
      `CREATE UNIQUE INDEX sessions_id ON sessions (id)`,
      `CREATE INDEX sessions_user ON sessions (user_id)`,

      `CREATE TABLE clients (
        id ${t.id} PRIMARY KEY NOT NULL, name ${t.text} NOT NULL, type ${t.text} NOT NULL,
        application_type ${t.text} NOT NULL, auth_method ${t.text} NOT NULL,
        redirect_uris ${t.json} NOT NULL, default_redirect_uri ${t.text}, post_logout_redirect_uris ${t.json} NOT NULL,
        grant_types ${t.json} NOT NULL, response_types ${t.json} NOT NULL,
        scope ${t.json} NOT NULL, default_scope ${t.json} NOT NULL, id_token_signed_response_alg ${t.text} NOT NULL,
        pkce_required ${t.flag} NOT NULL, consent_required ${t.flag} NOT NULL,
        owner_id ${t.id} REFERENCES users (id) ON DELETE SET NULL,
        created_at ${t.instant} NOT NULL, updated_at ${t.instant} NOT NULL, disabled_at ${t.instant})`,
      `CREATE INDEX clients_owner ON clients (owner_id)`,
      `CREATE INDEX clients_name ON clients (name, id)`,
      `CREATE TABLE client_secrets (
        id ${t.id} PRIMARY KEY NOT NULL, client_id ${t.id} NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
        secret_hash ${t.bytes} NOT NULL, created_at ${t.instant} NOT NULL, expires_at ${t.instant})`,
      `CREATE INDEX client_secrets_client ON client_secrets (client_id)`,

      `CREATE TABLE client_origins (
        origin ${t.text} NOT NULL, client_id ${t.id} NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
        PRIMARY KEY (origin, client_id))`,
      `CREATE INDEX client_origins_client ON client_origins (client_id)`,

      `CREATE TABLE consents (
        user_id ${t.id} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        client_id ${t.id} NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
        scope ${t.json} NOT NULL, created_at ${t.instant} NOT NULL, updated_at ${t.instant} NOT NULL,
        PRIMARY KEY (user_id, client_id))`,
      `CREATE INDEX consents_client ON consents (client_id)`,
      `CREATE TABLE grants (
        selector ${t.selector}, client_id ${t.id} NOT NULL, user_id ${t.id} NOT NULL, session_id ${t.id},
        scope ${t.text} NOT NULL, is_offline ${t.integer} NOT NULL, auth_time ${t.instant} NOT NULL,
        amr ${t.json} NOT NULL, acr ${t.text}, created_at ${t.instant} NOT NULL, last_used_at ${t.instant} NOT NULL,
        expires_at ${t.instant} NOT NULL, revoked_at ${t.instant})`,
      `CREATE INDEX grants_user ON grants (user_id, selector)`,
      `CREATE INDEX grants_client ON grants (client_id, selector)`,
      `CREATE INDEX grants_session ON grants (session_id)`,

      `CREATE TABLE authorization_codes (
        selector ${t.selector}, verifier_hash ${t.bytes} NOT NULL, grant_selector ${t.instant} NOT NULL,
        client_id ${t.id} NOT NULL, redirect_uri ${t.text} NOT NULL, redirect_uri_sent ${t.integer} NOT NULL,
        scope ${t.text} NOT NULL, code_challenge ${t.text}, nonce ${t.text},
        issued_at ${t.instant} NOT NULL, expires_at ${t.instant} NOT NULL, consumed_at ${t.instant})`,
      `CREATE TABLE access_tokens (
        selector ${t.selector}, verifier_hash ${t.bytes} NOT NULL, grant_selector ${t.instant},
        client_id ${t.id} NOT NULL, user_id ${t.id}, scope ${t.text} NOT NULL,
        issued_at ${t.instant} NOT NULL, expires_at ${t.instant} NOT NULL, revoked_at ${t.instant},
        last_used_at ${t.instant})`,
      `CREATE INDEX access_tokens_grant ON access_tokens (grant_selector)`,
      `CREATE INDEX access_tokens_client ON access_tokens (client_id, selector)`,
      `CREATE TABLE refresh_tokens (
        selector ${t.selector}, verifier_hash ${t.bytes} NOT NULL, grant_selector ${t.instant} NOT NULL,
        client_id ${t.id} NOT NULL, scope ${t.text} NOT NULL,
        issued_at ${t.instant} NOT NULL, expires_at ${t.instant} NOT NULL, consumed_at ${t.instant}, successor_selector ${t.instant}, answer_sealed ${t.text}, answer_until ${t.instant})`,
      `CREATE TABLE kept_requests (
        selector ${t.selector}, browser_hash ${t.bytes} NOT NULL,
        kind ${t.text} NOT NULL, client_id ${t.id}, parameters ${t.text} NOT NULL,
        address ${t.text} NOT NULL, created_at ${t.instant} NOT NULL, expires_at ${t.instant} NOT NULL,
        logged_in_at ${t.instant}, consented_at ${t.instant}, answered_at ${t.instant})`,
      `CREATE INDEX kept_requests_browser ON kept_requests (browser_hash, selector)`,
      `CREATE INDEX kept_requests_address ON kept_requests (address, created_at)`,
    ])
      await runner.query(text);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of tablesLastFirst) await runner.query(`DROP TABLE ${table}`);
  }
}

const tablesLastFirst = [
  'kept_requests',
  'refresh_tokens',
  'access_tokens',
  'authorization_codes',
  'grants',
  'consents',
  'client_origins',
  'client_secrets',
  'clients',
  'sessions',
  'signing_keys',
  'known_addresses',
  'login_failures',
  'one_time_links',
  'user_roles',
  'users',
  'audit_events',
  'cache_versions',
  'leases',
  'counters',
];
