import type { Ddl } from '@gatehouse/platform/database/ddl';

/** What the processes share: counters, leases, keys and secrets, the outbox, and what may be used or answered once. */
export function serverTables(t: Ddl): readonly string[] {
  return [
    `CREATE TABLE counters (name ${t.text} PRIMARY KEY NOT NULL, value ${t.integer} NOT NULL)`,
    `CREATE TABLE leases (
      name ${t.text} PRIMARY KEY NOT NULL, holder ${t.text} NOT NULL, expires_at ${t.instant} NOT NULL)`,
    `CREATE TABLE cache_versions (topic ${t.text} PRIMARY KEY NOT NULL, version ${t.integer} NOT NULL)`,
    `CREATE TABLE signing_keys (
      kid ${t.id} PRIMARY KEY NOT NULL, algorithm ${t.text} NOT NULL, public_jwk ${t.json} NOT NULL,
      private_jwk_sealed ${t.text} NOT NULL, created_at ${t.instant} NOT NULL, signs_from ${t.instant} NOT NULL,
      retired_at ${t.instant})`,
    `CREATE TABLE server_secrets (
      name ${t.text} PRIMARY KEY NOT NULL, value_sealed ${t.text} NOT NULL, created_at ${t.instant} NOT NULL)`,
    `CREATE TABLE outbox_messages (
      selector ${t.selector}, kind ${t.text} NOT NULL, destination ${t.text} NOT NULL,
      payload_sealed ${t.text} NOT NULL, created_at ${t.instant} NOT NULL, expires_at ${t.instant} NOT NULL,
      due_at ${t.instant}, attempts ${t.integer} NOT NULL, claimed_at ${t.instant}, failed_at ${t.instant},
      last_failure ${t.text})`,
    // Finds what is due in order, and skips destinations that are full without reading their rows.
    `CREATE INDEX outbox_messages_due ON outbox_messages (due_at, selector, destination, kind)`,
    `CREATE INDEX outbox_messages_destination ON outbox_messages (destination, due_at)`,
    `CREATE INDEX outbox_messages_failed ON outbox_messages (failed_at)`,
    `CREATE TABLE spent_ids (id_hash ${t.text} PRIMARY KEY NOT NULL, expires_at ${t.instant} NOT NULL)`,
    `CREATE INDEX spent_ids_expires ON spent_ids (expires_at)`,
    `CREATE TABLE idempotent_answers (
      id ${t.text} PRIMARY KEY NOT NULL, fingerprint ${t.bytes} NOT NULL, status ${t.integer} NOT NULL,
      answer_sealed ${t.text} NOT NULL, expires_at ${t.instant} NOT NULL)`,
    `CREATE INDEX idempotent_answers_expiry ON idempotent_answers (expires_at)`,
  ];
}
