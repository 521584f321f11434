import { statement } from '@gatehouse/platform/database/store';

export const clientStatements = {
  findOrigin: statement('client_origins.find', 'SELECT client_id FROM client_origins WHERE origin = $1 LIMIT 1'),
  /** Locked until the unit of work ends, so that rights checked against the row still apply when it is changed. */
  lock: statement('clients.lock', 'SELECT id FROM clients WHERE id = $1 FOR UPDATE', {
    sqlite: 'SELECT id FROM clients WHERE id = $1',
  }),
  /** A shared lock, for units that write what they checked against the row without changing it. */
  lockShared: statement('clients.lock_shared', 'SELECT id FROM clients WHERE id = $1 FOR SHARE', {
    sqlite: 'SELECT id FROM clients WHERE id = $1',
  }),
  lockOwned: statement('clients.lock_owned', 'SELECT id FROM clients WHERE owner_id = $1 ORDER BY id FOR UPDATE', {
    sqlite: 'SELECT id FROM clients WHERE owner_id = $1 ORDER BY id',
  }),
  raiseCredentialsVersion: statement(
    'clients.raise_credentials_version',
    'UPDATE clients SET credentials_version = credentials_version + 1 WHERE id = $1',
  ),
  use: statement(
    'clients.use',
    'UPDATE clients SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)',
  ),
};
