import { statement } from '@gatehouse/platform/database/store';
import { sweptTable } from '../../database/sweep.js';

export interface DeviceAuthorizationRow {
  selector: number;
  verifier_hash: Buffer;
  client_id: string;
  scope: string;
  /** JSON; null: only this server's endpoints. */
  resources: string | null;
  expires_at: number;
  interval_seconds: number;
  last_polled_at: number | null;
  decided_at: number | null;
  grant_selector: number | null;
  consumed_at: number | null;
}

export const deviceAuthorizationStatements = {
  /** Inserts nothing when another device has the same user code. */
  insert: statement(
    'device_authorizations.insert',
    `INSERT INTO device_authorizations (selector, verifier_hash, user_code_hash, client_id, scope, resources, created_at,
       expires_at, interval_seconds)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (user_code_hash) DO NOTHING`,
  ),
  find: statement('device_authorizations.find', 'SELECT * FROM device_authorizations WHERE selector = $1'),
  findWaiting: statement(
    'device_authorizations.find_waiting',
    'SELECT * FROM device_authorizations WHERE user_code_hash = $1 AND expires_at > $2 AND decided_at IS NULL',
  ),
  approve: statement(
    'device_authorizations.approve',
    `UPDATE device_authorizations SET decided_at = $2, grant_selector = $3
     WHERE selector = $1 AND decided_at IS NULL AND expires_at > $2`,
  ),
  deny: statement(
    'device_authorizations.deny',
    'UPDATE device_authorizations SET decided_at = $2 WHERE selector = $1 AND decided_at IS NULL AND expires_at > $2',
  ),
  polled: statement(
    'device_authorizations.polled',
    'UPDATE device_authorizations SET last_polled_at = $2, interval_seconds = $3 WHERE selector = $1',
  ),
  /** RFC 8628 3.5: a device code is exchanged once. One conditional statement decides between concurrent requests. */
  consume: statement(
    'device_authorizations.consume',
    `UPDATE device_authorizations SET consumed_at = $2
     WHERE selector = $1 AND consumed_at IS NULL AND grant_selector IS NOT NULL`,
  ),
  countAll: statement('device_authorizations.count_all', 'SELECT COUNT(*) AS count FROM device_authorizations'),
  purge: sweptTable('device_authorizations', 'expires_at <= $3'),
};
