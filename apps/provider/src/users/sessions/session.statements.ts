import { statement } from '@gatehouse/platform/database/store';
import { inBothOrders } from '../../database/list-order.js';
import { sweptTable } from '../../database/sweep.js';

export interface SessionRow {
  selector: number;
  id: string;
  verifier_hash: Buffer;
  user_id: string;
  is_full: number;
  auth_time: number;
  amr: string;
  acr: string | null;
  created_at: number;
  last_seen_at: number;
  expires_at: number;
  ended_at: number | null;
  user_agent: string | null;
  address: string | null;
}

const isActive = 'ended_at IS NULL AND expires_at > $2 AND last_seen_at > $3';

export const sessionStatements = {
  insert: statement(
    'sessions.insert',
    `INSERT INTO sessions (selector, id, verifier_hash, user_id, is_full, auth_time, amr, acr, created_at, last_seen_at,
       expires_at, user_agent, address)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
  ),
  find: statement('sessions.find', `SELECT * FROM sessions WHERE selector = $1 AND ${isActive}`),
  findById: statement('sessions.find_by_id', `SELECT * FROM sessions WHERE id = $1 AND ${isActive}`),
  /** The same user signs in again: keeps the session, with a new cookie and authentication. */
  renew: statement(
    'sessions.renew',
    `UPDATE sessions SET selector = $2, verifier_hash = $3, is_full = $4, auth_time = $5, amr = $6, acr = $7,
       last_seen_at = $8, expires_at = $9, user_agent = $10, address = $11
     WHERE id = $1 AND ended_at IS NULL`,
  ),
  /** A second factor was validated: keeps the session under a new cookie, unless it has ended since. */
  complete: statement(
    'sessions.complete',
    `UPDATE sessions SET selector = $2, verifier_hash = $3, is_full = 1, auth_time = $4, amr = $5, acr = $6,
       last_seen_at = $7, expires_at = $8
     WHERE id = $1 AND ended_at IS NULL AND expires_at > $7`,
  ),
  /** Sessions with one factor require the second one from now on. */
  demote: statement(
    'sessions.demote',
    `UPDATE sessions SET is_full = 0 WHERE user_id = $1 AND id <> $2 AND ended_at IS NULL AND amr NOT LIKE '%"mfa"%'`,
  ),
  touch: statement('sessions.touch', 'UPDATE sessions SET last_seen_at = $2 WHERE selector = $1 AND last_seen_at < $2'),
  end: statement(
    'sessions.end',
    'UPDATE sessions SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL RETURNING user_id',
  ),
  expireIdle: statement(
    'sessions.expire_idle',
    'UPDATE sessions SET expires_at = $1 WHERE ended_at IS NULL AND expires_at > $1 AND last_seen_at <= $2',
  ),
  ownerOfOpen: statement('sessions.owner_of_open', 'SELECT user_id FROM sessions WHERE id = $1 AND ended_at IS NULL'),
  ofUser: statement(
    'sessions.of_user',
    `SELECT * FROM sessions WHERE user_id = $1 AND ${isActive} ORDER BY last_seen_at DESC LIMIT 200`,
  ),
  /** Newest login first, by page: $1 is the selector of the last row of the previous page. */
  list: inBothOrders(
    'sessions.list',
    (past, direction) =>
      `SELECT * FROM sessions WHERE selector ${past} $1 AND ${isActive} ORDER BY selector ${direction} LIMIT $4`,
  ),
  listOfUser: inBothOrders(
    'sessions.list_of_user',
    (past, direction) =>
      `SELECT * FROM sessions WHERE user_id = $5 AND selector ${past} $1 AND ${isActive} ORDER BY selector ${direction} LIMIT $4`,
  ),
  idsOfUser: statement('sessions.ids_of_user', 'SELECT id FROM sessions WHERE user_id = $1 AND ended_at IS NULL'),
  purge: sweptTable('sessions', 'expires_at <= $3 OR ended_at <= $3 OR last_seen_at <= $4'),
};
