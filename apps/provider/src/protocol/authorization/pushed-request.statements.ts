import { statement } from '@gatehouse/platform/database/store';
import { sweptTable } from '../../database/sweep.js';

export interface PushedRequestRow {
  selector: number;
  verifier_hash: Buffer;
  client_id: string;
  content: string;
  expires_at: number;
  kept_selector: number | null;
}

export const pushedRequestStatements = {
  insert: statement(
    'pushed_requests.insert',
    `INSERT INTO pushed_requests (selector, verifier_hash, client_id, content, created_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6)`,
  ),
  find: statement('pushed_requests.find', 'SELECT * FROM pushed_requests WHERE selector = $1 AND expires_at > $2'),
  /** RFC 9126 4: used once. One conditional statement decides between concurrent requests. */
  use: statement(
    'pushed_requests.use',
    'UPDATE pushed_requests SET kept_selector = $2 WHERE selector = $1 AND kept_selector IS NULL',
  ),
  countAll: statement('pushed_requests.count_all', 'SELECT COUNT(*) AS count FROM pushed_requests'),
  /** Stops counting at the limit. */
  countOfClient: statement(
    'pushed_requests.count_of_client',
    `SELECT COUNT(*) AS count FROM (
       SELECT selector FROM pushed_requests WHERE client_id = $1 AND expires_at > $2 LIMIT $3) AS counted`,
  ),
  purge: sweptTable('pushed_requests', 'expires_at <= $3'),
};
