import { statement } from '@gatehouse/platform/database/store';
import { inBothOrders } from '../database/list-order.js';
import { sweptTable } from '../database/sweep.js';

export interface AccessTokenRow {
  selector: number;
  verifier_hash: Buffer;
  grant_selector: number | null;
  client_id: string;
  user_id: string | null;
  scope: string;
  dpop_jkt: string | null;
  issued_at: number;
  expires_at: number;
  revoked_at: number | null;
  last_used_at: number | null;
  /** From the grant, if the statement joins it. */
  claims?: string | null;
  auth_time?: number | null;
  acr?: string | null;
  /** JSON; null: this server's own endpoints. */
  audience: string | null;
  /** An `Actor` as JSON. */
  act: string | null;
}

export interface RefreshTokenRow {
  selector: number;
  verifier_hash: Buffer;
  grant_selector: number;
  client_id: string;
  scope: string;
  dpop_jkt: string | null;
  issued_at: number;
  expires_at: number;
  consumed_at: number | null;
  successor_selector: number | null;
  answer_sealed: string | null;
  answer_until: number | null;
}

// Two statements join the grants table of another module: one lookup instead of two on the hottest paths.
const isActive = `t.revoked_at IS NULL AND t.expires_at > $2
  AND (t.grant_selector IS NULL OR EXISTS (SELECT 1 FROM grants g WHERE g.selector = t.grant_selector AND g.revoked_at IS NULL))`;

export const accessTokenStatements = {
  insert: statement(
    'access_tokens.insert',
    `INSERT INTO access_tokens (selector, verifier_hash, grant_selector, client_id, user_id, scope, issued_at, expires_at,
       audience, dpop_jkt, act)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
  ),
  /**
   * Only if the client's credentials have this version: raising it revokes the client's tokens, and would miss this
   * one. On PostgreSQL the client's row is locked as by a foreign key: shared by all inserts, and in conflict with
   * ClientsService.raiseCredentialsVersion. It names the clients table of another module: one guarded statement instead
   * of a check before the insert.
   */
  insertOfClient: statement(
    'access_tokens.insert_of_client',
    `INSERT INTO access_tokens (selector, verifier_hash, grant_selector, client_id, user_id, scope, issued_at, expires_at,
       audience, dpop_jkt, act)
     SELECT $1::bigint, $2::bytea, $3::bigint, c.id, $5::text, $6::text, $7::bigint, $8::bigint, $9::text, $10::text,
       $11::text
     FROM clients c WHERE c.id = $4 AND c.credentials_version = $12 FOR KEY SHARE`,
    {
      sqlite: `INSERT INTO access_tokens (selector, verifier_hash, grant_selector, client_id, user_id, scope, issued_at,
       expires_at, audience, dpop_jkt, act)
     SELECT $1, $2, $3, c.id, $5, $6, $7, $8, $9, $10, $11
     FROM clients c WHERE c.id = $4 AND c.credentials_version = $12`,
    },
  ),
  findLive: statement(
    'access_tokens.find_live',
    `SELECT t.*, g.claims, g.auth_time, g.acr FROM access_tokens t
     LEFT JOIN grants g ON g.selector = t.grant_selector AND g.revoked_at IS NULL
     WHERE t.selector = $1 AND t.revoked_at IS NULL AND t.expires_at > $2
       AND (t.grant_selector IS NULL OR g.selector IS NOT NULL)`,
  ),
  revoke: statement(
    'access_tokens.revoke',
    'UPDATE access_tokens SET revoked_at = $2 WHERE selector = $1 AND revoked_at IS NULL',
  ),
  /**
   * The tokens that do not end with a grant of this client: obtained on its own behalf, or by exchanging another
   * client's token.
   */
  revokeOfClient: statement(
    'access_tokens.revoke_of_client',
    `UPDATE access_tokens SET revoked_at = $2 WHERE client_id = $1 AND revoked_at IS NULL AND expires_at > $2
       AND (grant_selector IS NULL OR NOT EXISTS
         (SELECT 1 FROM grants g WHERE g.selector = access_tokens.grant_selector AND g.client_id = $1))`,
  ),
  use: statement('access_tokens.use', 'UPDATE access_tokens SET last_used_at = $2 WHERE selector = $1'),
  list: inBothOrders(
    'access_tokens.list',
    (past, direction) =>
      `SELECT t.* FROM access_tokens t WHERE t.selector ${past} $1 AND ${isActive} ORDER BY t.selector ${direction} LIMIT $3`,
  ),
  listOfClient: inBothOrders(
    'access_tokens.list_of_client',
    (past, direction) =>
      `SELECT t.* FROM access_tokens t WHERE t.client_id = $4 AND t.selector ${past} $1 AND ${isActive} ORDER BY t.selector ${direction} LIMIT $3`,
  ),
  listOfUser: inBothOrders(
    'access_tokens.list_of_user',
    (past, direction) =>
      `SELECT t.* FROM grants g JOIN access_tokens t ON t.grant_selector = g.selector
     WHERE g.user_id = $4 AND g.revoked_at IS NULL AND t.selector ${past} $1 AND t.revoked_at IS NULL AND t.expires_at > $2
     ORDER BY t.selector ${direction} LIMIT $3`,
  ),
  purge: sweptTable('access_tokens', 'expires_at <= $3'),
};

export const refreshTokenStatements = {
  insert: statement(
    'refresh_tokens.insert',
    `INSERT INTO refresh_tokens (selector, verifier_hash, grant_selector, client_id, scope, issued_at, expires_at,
       dpop_jkt)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
  ),
  find: statement('refresh_tokens.find', 'SELECT * FROM refresh_tokens WHERE selector = $1'),
  isConsumed: statement(
    'refresh_tokens.is_consumed',
    'SELECT consumed_at FROM refresh_tokens WHERE selector = $1 AND consumed_at IS NOT NULL',
  ),
  /** One conditional statement decides between concurrent exchanges. */
  consume: statement(
    'refresh_tokens.consume',
    'UPDATE refresh_tokens SET consumed_at = $2, successor_selector = $3 WHERE selector = $1 AND consumed_at IS NULL',
  ),
  /** Extends a token that does not rotate, unless it was consumed. */
  extend: statement(
    'refresh_tokens.extend',
    `UPDATE refresh_tokens SET expires_at = CASE WHEN expires_at < $2 THEN $2 ELSE expires_at END
     WHERE selector = $1 AND consumed_at IS NULL`,
  ),
  purge: sweptTable('refresh_tokens', 'expires_at <= $3'),
};

export const refreshReplayStatements = {
  keep: statement(
    'refresh_answers.keep',
    'INSERT INTO refresh_answers (successor_selector, sealed, until) VALUES ($1, $2, $3)',
  ),
  find: statement(
    'refresh_answers.find',
    'SELECT sealed FROM refresh_answers WHERE successor_selector = $1 AND until > $2',
  ),
  purge: sweptTable('refresh_answers', 'until <= $3', { by: 'successor_selector' }),
};
