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
  /** JSON; null: our own endpoints alone. */
  resources: string | null;
}

const live = 'revoked_at IS NULL AND expires_at > $2';

export const grantStatements = {
  /**
   * Only while its session lives. The session's row is held until the unit ends, so that whoever ends it (logout,
   * a reset, a switched-off account) either comes first and is seen here, or comes after and sees this grant.
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
  /** Without a session, while its user is not switched off; their row is held as a session's is. */
  insertAlone: statement(
    'grants.insert_alone',
    `INSERT INTO grants (selector, client_id, user_id, session_id, scope, is_offline, auth_time, amr, acr, created_at,
       last_used_at, expires_at, claims, resources)
     SELECT $1::bigint, $2::text, u.id, NULL, $4::text, 1, $5::bigint, '[]', NULL, $6::bigint, $6::bigint, $7::bigint, NULL,
       $8::text
     FROM users u WHERE u.id = $3 AND u.disabled_at IS NULL FOR SHARE`,
    {
      sqlite: `INSERT INTO grants (selector, client_id, user_id, session_id, scope, is_offline, auth_time, amr, acr, created_at,
       last_used_at, expires_at, claims, resources)
     SELECT $1, $2, u.id, NULL, $4, 1, $5, '[]', NULL, $6, $6, $7, NULL, $8
     FROM users u WHERE u.id = $3 AND u.disabled_at IS NULL`,
    },
  ),
  ofBoth: statement('grants.of_both', 'SELECT selector FROM grants WHERE user_id = $1 AND client_id = $2 LIMIT 1'),
  findLive: statement('grants.find_live', `SELECT * FROM grants WHERE selector = $1 AND ${live}`),
  /** Also the check that it still lives: what hangs on a grant is written only where this changes a row. */
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
   * Revoked ones too: a client that got tokens in a session believes that somebody is logged in. The most recently
   * authorized first.
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
    `SELECT selector FROM grants WHERE user_id = $1 AND ${live} AND is_offline = 1 LIMIT 1`,
  ),
  revokeOfClient: statement(
    'grants.revoke_of_client',
    'UPDATE grants SET revoked_at = $2 WHERE client_id = $1 AND revoked_at IS NULL',
  ),
  revokeOfUserAndClient: statement(
    'grants.revoke_of_user_and_client',
    'UPDATE grants SET revoked_at = $3 WHERE user_id = $1 AND client_id = $2 AND revoked_at IS NULL',
  ),
  // Pages run backwards through the primary key: the newest first, whatever the size of the table.
  list: inBothOrders(
    'grants.list',
    (past, direction) =>
      `SELECT * FROM grants WHERE selector ${past} $1 AND ${live} ORDER BY selector ${direction} LIMIT $3`,
  ),
  listOfUser: inBothOrders(
    'grants.list_of_user',
    (past, direction) =>
      `SELECT * FROM grants WHERE user_id = $4 AND selector ${past} $1 AND ${live} ORDER BY selector ${direction} LIMIT $3`,
  ),
  listOfClient: inBothOrders(
    'grants.list_of_client',
    (past, direction) =>
      `SELECT * FROM grants WHERE client_id = $4 AND selector ${past} $1 AND ${live} ORDER BY selector ${direction} LIMIT $3`,
  ),
  // A revoked grant is kept as long as its tokens could have lived: a late replay is still seen.
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
