import type { Ddl } from '@gatehouse/platform/database/ddl';

/** Consents, grants, and the codes and tokens that live while their grant does. */
export function grantTables(t: Ddl): readonly string[] {
  return [...grants(t), ...tokens(t)];
}

function grants(t: Ddl): readonly string[] {
  return [
    `CREATE TABLE consents (
      user_id ${t.id} NOT NULL REFERENCES users (id) ON DELETE CASCADE,
      client_id ${t.id} NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
      scope ${t.json} NOT NULL, created_at ${t.instant} NOT NULL, updated_at ${t.instant} NOT NULL,
      claims ${t.json} NOT NULL DEFAULT '[]', resources ${t.json} NOT NULL DEFAULT '[]',
      PRIMARY KEY (user_id, client_id))`,
    `CREATE INDEX consents_client ON consents (client_id)`,
    `CREATE TABLE grants (
      selector ${t.selector}, client_id ${t.id} NOT NULL, user_id ${t.id} NOT NULL, session_id ${t.id},
      scope ${t.text} NOT NULL, is_offline ${t.integer} NOT NULL, auth_time ${t.instant} NOT NULL,
      amr ${t.json} NOT NULL, acr ${t.text}, created_at ${t.instant} NOT NULL, last_used_at ${t.instant} NOT NULL,
      expires_at ${t.instant} NOT NULL, revoked_at ${t.instant}, claims ${t.json}, resources ${t.json})`,
    `CREATE INDEX grants_user ON grants (user_id, selector)`,
    `CREATE INDEX grants_client ON grants (client_id, selector)`,
    `CREATE INDEX grants_session ON grants (session_id)`,
  ];
}

function tokens(t: Ddl): readonly string[] {
  return [
    `CREATE TABLE authorization_codes (
      selector ${t.selector}, verifier_hash ${t.bytes} NOT NULL, grant_selector ${t.instant} NOT NULL,
      client_id ${t.id} NOT NULL, redirect_uri ${t.text} NOT NULL, redirect_uri_sent ${t.integer} NOT NULL,
      scope ${t.text} NOT NULL, code_challenge ${t.text}, nonce ${t.text},
      issued_at ${t.instant} NOT NULL, expires_at ${t.instant} NOT NULL, consumed_at ${t.instant}, dpop_jkt ${t.text})`,
    // RFC 8628
    `CREATE TABLE device_authorizations (
      selector ${t.selector}, verifier_hash ${t.bytes} NOT NULL, user_code_hash ${t.bytes} NOT NULL,
      client_id ${t.id} NOT NULL, scope ${t.text} NOT NULL, resources ${t.json},
      created_at ${t.instant} NOT NULL, expires_at ${t.instant} NOT NULL, interval_seconds ${t.integer} NOT NULL,
      last_polled_at ${t.instant}, decided_at ${t.instant}, grant_selector ${t.instant}, consumed_at ${t.instant})`,
    `CREATE UNIQUE INDEX device_authorizations_user_code ON device_authorizations (user_code_hash)`,
    `CREATE TABLE access_tokens (
      selector ${t.selector}, verifier_hash ${t.bytes} NOT NULL, grant_selector ${t.instant},
      client_id ${t.id} NOT NULL, user_id ${t.id}, scope ${t.text} NOT NULL,
      issued_at ${t.instant} NOT NULL, expires_at ${t.instant} NOT NULL, revoked_at ${t.instant},
      last_used_at ${t.instant}, audience ${t.json}, act ${t.json}, dpop_jkt ${t.text})`,
    `CREATE INDEX access_tokens_grant ON access_tokens (grant_selector)`,
    `CREATE INDEX access_tokens_client ON access_tokens (client_id, selector)`,
    // `answer_sealed` and `answer_until` are no longer used: `refresh_answers` replaces them.
    `CREATE TABLE refresh_tokens (
      selector ${t.selector}, verifier_hash ${t.bytes} NOT NULL, grant_selector ${t.instant} NOT NULL,
      client_id ${t.id} NOT NULL, scope ${t.text} NOT NULL,
      issued_at ${t.instant} NOT NULL, expires_at ${t.instant} NOT NULL, consumed_at ${t.instant},
      successor_selector ${t.instant}, answer_sealed ${t.text}, answer_until ${t.instant}, dpop_jkt ${t.text})`,
    // In the order of the successors: written at the end, purged from the start.
    `CREATE TABLE refresh_answers (
      successor_selector ${t.selector}, sealed ${t.text} NOT NULL, until ${t.instant} NOT NULL)`,
  ];
}
