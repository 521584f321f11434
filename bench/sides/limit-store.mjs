import Database from 'better-sqlite3';

/**
 * The database of the limit, with only the rows that the protocol requires: no secondary indexes, no audit log. All writes of one
 * turn of the event loop share one transaction and its flush.
 */
export function openLimitStore(path) {
  const database = new Database(path);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.exec(schema);
  const statements = Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, database.prepare(text)]));
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');
  let queue = [];

  function drain() {
    const jobs = queue;
    queue = [];
    begin.run();
    for (const job of jobs) job.outcome = job.work();
    commit.run();
    for (const job of jobs) job.resolve(job.outcome);
  }

  /** Runs synchronous database work; resolves when it is on disk. */
  function run(work) {
    return new Promise((resolve) => {
      if (queue.length === 0) setImmediate(drain);
      queue.push({ work, resolve, outcome: undefined });
    });
  }

  return { ...statements, run, close: () => database.close() };
}

const schema = `
  CREATE TABLE IF NOT EXISTS users (id TEXT PRIMARY KEY, username TEXT UNIQUE, password_hash TEXT, email TEXT, updated_at INTEGER);
  CREATE TABLE IF NOT EXISTS clients (id TEXT PRIMARY KEY, secret_hash BLOB, redirect_uri TEXT);
  CREATE TABLE IF NOT EXISTS consents (user_id TEXT, client_id TEXT, scope TEXT, PRIMARY KEY (user_id, client_id)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS sessions (selector INTEGER PRIMARY KEY, verifier_hash BLOB, id TEXT, user_id TEXT, auth_time INTEGER, expires_at INTEGER);
  CREATE TABLE IF NOT EXISTS pending (selector INTEGER PRIMARY KEY, parameters TEXT, expires_at INTEGER);
  CREATE TABLE IF NOT EXISTS grants (selector INTEGER PRIMARY KEY, client_id TEXT, user_id TEXT, session_id TEXT, scope TEXT, auth_time INTEGER, expires_at INTEGER, revoked_at INTEGER);
  CREATE TABLE IF NOT EXISTS codes (selector INTEGER PRIMARY KEY, verifier_hash BLOB, grant_selector INTEGER, client_id TEXT, redirect_uri TEXT, scope TEXT, challenge TEXT, nonce TEXT, expires_at INTEGER, consumed_at INTEGER);
  CREATE TABLE IF NOT EXISTS access_tokens (selector INTEGER PRIMARY KEY, verifier_hash BLOB, grant_selector INTEGER, client_id TEXT, user_id TEXT, scope TEXT, issued_at INTEGER, expires_at INTEGER, revoked_at INTEGER);
  CREATE TABLE IF NOT EXISTS spent_ids (id BLOB PRIMARY KEY, at INTEGER) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS refresh_tokens (selector INTEGER PRIMARY KEY, verifier_hash BLOB, grant_selector INTEGER, client_id TEXT, scope TEXT, issued_at INTEGER, expires_at INTEGER, consumed_at INTEGER, successor INTEGER, answer BLOB);
`;

const texts = {
  insertUser: 'INSERT OR IGNORE INTO users VALUES (?, ?, ?, ?, ?)',
  insertClient: 'INSERT OR IGNORE INTO clients VALUES (?, ?, ?)',
  insertConsent: 'INSERT OR IGNORE INTO consents VALUES (?, ?, ?)',
  userByName: 'SELECT * FROM users WHERE username = ?',
  user: 'SELECT * FROM users WHERE id = ?',
  consent: 'SELECT scope FROM consents WHERE user_id = ? AND client_id = ?',
  insertSession: 'INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?)',
  session: 'SELECT * FROM sessions WHERE selector = ? AND expires_at > ?',
  insertPending: 'INSERT INTO pending VALUES (?, ?, ?)',
  pending: 'SELECT parameters FROM pending WHERE selector = ? AND expires_at > ?',
  insertGrant: 'INSERT INTO grants VALUES (?, ?, ?, ?, ?, ?, ?, NULL)',
  grant: 'SELECT * FROM grants WHERE selector = ? AND revoked_at IS NULL AND expires_at > ?',
  useGrant: 'UPDATE grants SET expires_at = max(expires_at, ?) WHERE selector = ? AND revoked_at IS NULL',
  revokeGrant: 'UPDATE grants SET revoked_at = ? WHERE selector = ? AND revoked_at IS NULL',
  insertCode: 'INSERT INTO codes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)',
  code: 'SELECT * FROM codes WHERE selector = ?',
  consumeCode: 'UPDATE codes SET consumed_at = ? WHERE selector = ? AND consumed_at IS NULL',
  insertAccess: 'INSERT INTO access_tokens VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)',
  access: `SELECT t.* FROM access_tokens t WHERE t.selector = ? AND t.revoked_at IS NULL AND t.expires_at > ?
    AND (t.grant_selector IS NULL OR EXISTS (SELECT 1 FROM grants g WHERE g.selector = t.grant_selector AND g.revoked_at IS NULL))`,
  spend: 'INSERT OR IGNORE INTO spent_ids VALUES (?, ?)',
  insertRefresh: 'INSERT INTO refresh_tokens VALUES (?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL)',
  refresh: 'SELECT * FROM refresh_tokens WHERE selector = ?',
  extendRefresh: 'UPDATE refresh_tokens SET expires_at = ? WHERE selector = ? AND consumed_at IS NULL',
  consumeRefresh:
    'UPDATE refresh_tokens SET consumed_at = ?, successor = ?, answer = ? WHERE selector = ? AND consumed_at IS NULL',
};
