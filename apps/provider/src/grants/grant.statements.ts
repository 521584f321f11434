import { statement } from '@gatehouse/platform/database/store';
import { inBothOrders } from '../database/list-order.js';
import { sweptTable } from '../database/sweep.js';

export interface GrantRow {
  selector: number;
  client_id: string;
  user_id: string;
  session_id: string | null;
  scope: string;
  is_offline: number;
  auth_time: number;
  amr: string;
  acr: string | null;
  claims: string | null;
  created_at: number;
  last_used_at: number;
  expires_at: number;
  revoked_at: number | null;
  /** JSON; null: only this server's own endpoints. */
  resources: string | null;
}

const isActive = 'revoked_at IS NULL AND expires_at > $2';

export const grantStatements = {
  /**
   * Only while its session is active. Locks the session's row until the unit of work ends, so that an operation that ends it
   * (logout, a reset, disabling the account) either comes first and is seen here, or comes later and sees this grant.
   */
  insert: statement(
    'grants.insert',
    `INSERT INTO grants (selector, client_id, user_id, session_id, scope, is_offline, auth_time, amr, acr, created_at,
       last_used_at, expires_at, claims, resources)
     SELECT $1::bigint, $2::text, $3::text, s.id, $5::text, $6::integer, $7::bigint, $8::text, $9::text, $10::bigint,
       $11::bigint, $12::bigint, $13::text, $14::text
     FROM sessions s WHERE s.id = $4 AND s.ended_at IS NULL FOR SHARE`,
    {
      sqlite: `INSERT INTO grants (selector, client_id, user_id, session_id, scope, is_offline, auth_time, amr, acr, created_at,
       last_used_at, expires_at, claims, resources)
     SELECT $1, $2, $3, s.id, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14
     FROM sessions s WHERE s.id = $4 AND s.ended_at IS NULL`,
    },
  ),
  /**
   * Without a session, only while its user is enabled and its issuer is the one that accepted the assertion, with the same
   * keys and the client in its list (`$13`, as JSON); locks their rows in the same way. It names the trusted_issuers table of
   * another module: one guarded statement instead of a check before the insert.
   */
  insertAlone: statement(
    'grants.insert_alone',
    `INSERT INTO grants (selector, client_id, user_id, session_id, scope, is_offline, auth_time, amr, acr, created_at,
       last_used_at, expires_at, claims, resources, trusted_issuer_id)
     SELECT $1::bigint, $2::text, u.id, NULL, $4::text, 1, $5::bigint, '[]', NULL, $6::bigint, $6::bigint, $7::bigint, NULL,
       $8::text, i.id
     FROM users u JOIN trusted_issuers i ON i.id = $9 WHERE u.id = $3 AND u.disabled_at IS NULL AND i.issuer = $10
       AND COALESCE(i.jwks_uri, '') = $11 AND COALESCE(i.jwks, '') = $12 AND strpos(i.clients, $13) > 0 FOR SHARE`,
    {
      sqlite: `INSERT INTO grants (selector, client_id, user_id, session_id, scope, is_offline, auth_time, amr, acr, created_at,
       last_used_at, expires_at, claims, resources, trusted_issuer_id)
     SELECT $1, $2, u.id, NULL, $4, 1, $5, '[]', NULL, $6, $6, $7, NULL, $8, i.id
     FROM users u JOIN trusted_issuers i ON i.id = $9 WHERE u.id = $3 AND u.disabled_at IS NULL AND i.issuer = $10
       AND COALESCE(i.jwks_uri, '') = $11 AND COALESCE(i.jwks, '') = $12 AND instr(i.clients, $13) > 0`,
    },
  ),
  ofBoth: statement('grants.of_both', 'SELECT selector FROM grants WHERE user_id = $1 AND client_id = $2 LIMIT 1'),
  findLive: statement('grants.find_live', `SELECT * FROM grants WHERE selector = $1 AND ${isActive}`),
  /** Also checks that it is active: codes and tokens of a grant are only written if this changes a row. */
  use: statement(
    'grants.use',
    `UPDATE grants SET last_used_at = $2, expires_at = CASE WHEN expires_at < $3 THEN $3 ELSE expires_at END
     WHERE selector = $1 AND revoked_at IS NULL`,
  ),
  revoke: statement('grants.revoke', 'UPDATE grants SET revoked_at = $2 WHERE selector = $1 AND revoked_at IS NULL'),
  revokeOfSession: statement(
    'grants.revoke_of_session',
    'UPDATE grants SET revoked_at = $2 WHERE session_id = $1 AND is_offline = 0 AND revoked_at IS NULL',
  ),
  /**
   * Includes revoked ones: a client that got tokens in a session assumes that the user is logged in. Most recently authorized
   * first.
   */
  clientsOfSession: statement(
    'grants.clients_of_session',
    `SELECT client_id, MAX(selector) AS newest FROM (
       SELECT client_id, selector FROM grants WHERE session_id = $1
       UNION ALL SELECT client_id, selector FROM session_clients WHERE session_id = $1) authorized
     GROUP BY client_id ORDER BY newest DESC`,
  ),
  revokeOfUser: statement(
    'grants.revoke_of_user',
    'UPDATE grants SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL',
  ),
  revokeOfflineOfUser: statement(
    'grants.revoke_offline_of_user',
    'UPDATE grants SET revoked_at = $2 WHERE user_id = $1 AND is_offline = 1 AND revoked_at IS NULL',
  ),
  anyOfflineOfUser: statement(
    'grants.any_offline_of_user',
    `SELECT selector FROM grants WHERE user_id = $1 AND ${isActive} AND is_offline = 1 LIMIT 1`,
  ),
  revokeOfClient: statement(
    'grants.revoke_of_client',
    'UPDATE grants SET revoked_at = $2 WHERE client_id = $1 AND revoked_at IS NULL',
  ),
  /** Only grants for an assertion have no session; those from before an upgrade have no recorded issuer. */
  revokeAloneOfClient: statement(
    'grants.revoke_alone_of_client',
    'UPDATE grants SET revoked_at = $2 WHERE client_id = $1 AND session_id IS NULL AND revoked_at IS NULL',
  ),
  revokeOfIssuer: statement(
    'grants.revoke_of_issuer',
    'UPDATE grants SET revoked_at = $2 WHERE trusted_issuer_id = $1 AND revoked_at IS NULL',
  ),
  revokeOfIssuerAndClient: statement(
    'grants.revoke_of_issuer_and_client',
    `UPDATE grants SET revoked_at = $3 WHERE trusted_issuer_id = $1 AND client_id = $2 AND revoked_at IS NULL`,
  ),
  /** $3: one scope as a pattern, between spaces. */
  revokeOfClientAndScope: statement(
    'grants.revoke_of_client_and_scope',
    `UPDATE grants SET revoked_at = $2 WHERE client_id = $1 AND revoked_at IS NULL AND ' ' || scope || ' ' LIKE $3`,
  ),
  revokeOfUserAndClient: statement(
    'grants.revoke_of_user_and_client',
    'UPDATE grants SET revoked_at = $3 WHERE user_id = $1 AND client_id = $2 AND revoked_at IS NULL',
  ),
  // Pages read the primary key backwards: newest first, independent of the size of the table.
  list: inBothOrders(
    'grants.list',
    (past, direction) =>
      `SELECT * FROM grants WHERE selector ${past} $1 AND ${isActive} ORDER BY selector ${direction} LIMIT $3`,
  ),
  listOfUser: inBothOrders(
    'grants.list_of_user',
    (past, direction) =>
      `SELECT * FROM grants WHERE user_id = $4 AND selector ${past} $1 AND ${isActive} ORDER BY selector ${direction} LIMIT $3`,
  ),
  listOfClient: inBothOrders(
    'grants.list_of_client',
    (past, direction) =>
      `SELECT * FROM grants WHERE client_id = $4 AND selector ${past} $1 AND ${isActive} ORDER BY selector ${direction} LIMIT $3`,
  ),
  // A revoked grant is kept until its tokens would have expired, so that a late replay is detected.
  purge: sweptTable('grants', 'expires_at <= $3', {
    before: `INSERT INTO session_clients (selector, session_id, client_id)
     SELECT g.selector, g.session_id, g.client_id FROM grants g JOIN sessions s ON s.id = g.session_id
     WHERE g.selector > $1 AND g.selector <= $2 AND g.expires_at <= $3 AND s.ended_at IS NULL
     ON CONFLICT (session_id, client_id) DO NOTHING`,
  }),
  purgeSessionClients: sweptTable(
    'session_clients',
    'NOT EXISTS (SELECT 1 FROM sessions s WHERE s.id = session_clients.session_id)',
  ),
};
