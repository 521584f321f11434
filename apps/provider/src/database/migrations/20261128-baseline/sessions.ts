import type { Ddl } from '@gatehouse/platform/database/ddl';

/** Sessions, and the authorization requests that wait for a browser. */
export function sessionTables(t: Ddl): readonly string[] {
  return [
    `CREATE TABLE sessions (
      selector ${t.selector}, id ${t.id} NOT NULL, verifier_hash ${t.bytes} NOT NULL, user_id ${t.id} NOT NULL,
      is_full ${t.integer} NOT NULL, auth_time ${t.instant} NOT NULL, amr ${t.json} NOT NULL, acr ${t.text},
      created_at ${t.instant} NOT NULL, last_seen_at ${t.instant} NOT NULL, expires_at ${t.instant} NOT NULL,
      ended_at ${t.instant}, user_agent ${t.text}, address ${t.text})`,
    `CREATE UNIQUE INDEX sessions_id ON sessions (id)`,
    `CREATE INDEX sessions_user ON sessions (user_id)`,
    // Clients that are notified of a session's end although their grants are gone. Filled by the purge of grants alone.
    `CREATE TABLE session_clients (selector ${t.selector}, session_id ${t.id} NOT NULL, client_id ${t.id} NOT NULL)`,
    `CREATE UNIQUE INDEX session_clients_session ON session_clients (session_id, client_id)`,
    `CREATE TABLE kept_requests (
      selector ${t.selector}, browser_hash ${t.bytes} NOT NULL,
      kind ${t.text} NOT NULL, client_id ${t.id}, parameters ${t.text} NOT NULL,
      address ${t.text} NOT NULL, created_at ${t.instant} NOT NULL, expires_at ${t.instant} NOT NULL,
      logged_in_at ${t.instant}, consented_at ${t.instant}, answered_at ${t.instant}, selected_at ${t.instant})`,
    `CREATE INDEX kept_requests_browser ON kept_requests (browser_hash, selector)`,
    `CREATE INDEX kept_requests_address ON kept_requests (address, created_at)`,
    // RFC 9126
    `CREATE TABLE pushed_requests (
      selector ${t.selector}, verifier_hash ${t.bytes} NOT NULL, client_id ${t.id} NOT NULL,
      content ${t.text} NOT NULL, created_at ${t.instant} NOT NULL, expires_at ${t.instant} NOT NULL,
      kept_selector ${t.instant})`,
    `CREATE INDEX pushed_requests_client ON pushed_requests (client_id)`,
  ];
}
