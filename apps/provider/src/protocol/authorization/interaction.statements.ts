import { statement } from '@gatehouse/platform/database/store';
import { sweptTable } from '../../database/sweep.js';

export interface InteractionRow {
  selector: number;
  kind: string;
  parameters: string;
  created_at: number;
  logged_in_at: number | null;
  consented_at: number | null;
  selected_at: number | null;
  answered_at: number | null;
}

const columns = 'selector, kind, parameters, created_at, logged_in_at, consented_at, selected_at, answered_at';

export const interactionStatements = {
  insert: statement(
    'kept_requests.insert',
    `INSERT INTO kept_requests (selector, browser_hash, kind, client_id, parameters, address, created_at, expires_at,
       user_id)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
  ),
  find: statement(
    'kept_requests.find',
    `SELECT ${columns} FROM kept_requests WHERE selector = $1 AND browser_hash = $2 AND expires_at > $3`,
  ),
  /** $3: the user who is signed in, or null. $4: interactions without a user are offered if created after this instant. */
  newestOffered: statement(
    'kept_requests.newest_offered',
    `SELECT selector, client_id FROM kept_requests
     WHERE browser_hash = $1 AND expires_at > $2 AND kind <> 'address' AND answered_at IS NULL AND dismissed_at IS NULL
       AND (user_id = $3 OR (user_id IS NULL AND created_at > $4))
     ORDER BY selector DESC LIMIT 1`,
  ),
  dismissAll: statement(
    'kept_requests.dismiss_all',
    `UPDATE kept_requests SET dismissed_at = $2
     WHERE browser_hash = $1 AND dismissed_at IS NULL AND answered_at IS NULL AND kind <> 'address' AND selector <> $3`,
  ),
  loggedIn: statement(
    'kept_requests.logged_in',
    `UPDATE kept_requests SET logged_in_at = $3, user_id = COALESCE($4, user_id), dismissed_at = NULL
     WHERE selector = $1 AND browser_hash = $2`,
  ),
  consented: statement(
    'kept_requests.consented',
    `UPDATE kept_requests SET consented_at = $3, user_id = COALESCE($4, user_id), dismissed_at = NULL
     WHERE selector = $1 AND browser_hash = $2`,
  ),
  selected: statement(
    'kept_requests.selected',
    `UPDATE kept_requests SET selected_at = $3, user_id = COALESCE($4, user_id), dismissed_at = NULL
     WHERE selector = $1 AND browser_hash = $2`,
  ),
  answered: statement(
    'kept_requests.answered',
    'UPDATE kept_requests SET answered_at = $3 WHERE selector = $1 AND browser_hash = $2',
  ),
  answeredFirst: statement(
    'kept_requests.answered_first',
    'UPDATE kept_requests SET answered_at = $3 WHERE selector = $1 AND browser_hash = $2 AND answered_at IS NULL',
  ),
  countOfAddress: statement(
    'kept_requests.count_of_address',
    'SELECT COUNT(*) AS count FROM kept_requests WHERE address = $1 AND created_at > $2',
  ),
  countAll: statement('kept_requests.count_all', 'SELECT COUNT(*) AS count FROM kept_requests'),
  /** Deletes the oldest interactions of this browser, and none of another browser. */
  trimBrowser: statement(
    'kept_requests.trim_browser',
    `DELETE FROM kept_requests WHERE browser_hash = $1 AND selector <= (
       SELECT selector FROM kept_requests WHERE browser_hash = $1 ORDER BY selector DESC LIMIT 1 OFFSET $2)`,
  ),
  purge: sweptTable('kept_requests', 'expires_at <= $3'),
};
