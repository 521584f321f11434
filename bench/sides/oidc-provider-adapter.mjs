import Database from 'better-sqlite3';

/** The SQLite database of a node-oidc-provider adapter: one table, prepared statements, every write flushed. */
export function openAdapterStore(path) {
  const database = new Database(path);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.exec(`
    CREATE TABLE IF NOT EXISTS models (
      key TEXT PRIMARY KEY, payload TEXT NOT NULL, grant_id TEXT, user_code TEXT, uid TEXT, expires_at INTEGER, consumed_at INTEGER);
    CREATE INDEX IF NOT EXISTS models_grant ON models (grant_id) WHERE grant_id IS NOT NULL;
    CREATE INDEX IF NOT EXISTS models_uid ON models (uid) WHERE uid IS NOT NULL;
    CREATE INDEX IF NOT EXISTS models_user_code ON models (user_code) WHERE user_code IS NOT NULL;
    CREATE TABLE IF NOT EXISTS users (id TEXT PRIMARY KEY, username TEXT UNIQUE, password_hash TEXT, email TEXT, updated_at INTEGER);
    CREATE TABLE IF NOT EXISTS consents (user_id TEXT, client_id TEXT, grant_id TEXT, PRIMARY KEY (user_id, client_id)) WITHOUT ROWID;
  `);
  return database;
}

export function adapterClass(database) {
  const upsert = database.prepare(`INSERT INTO models VALUES (?, ?, ?, ?, ?, ?, NULL)
    ON CONFLICT (key) DO UPDATE SET payload = excluded.payload, grant_id = excluded.grant_id, user_code = excluded.user_code, uid = excluded.uid, expires_at = excluded.expires_at`);
  const find = database.prepare('SELECT payload, expires_at, consumed_at FROM models WHERE key = ?');
  const findByUid = database.prepare('SELECT payload, expires_at, consumed_at FROM models WHERE uid = ?');
  const findByUserCode = database.prepare('SELECT payload, expires_at, consumed_at FROM models WHERE user_code = ?');
  const consume = database.prepare('UPDATE models SET consumed_at = ? WHERE key = ?');
  const destroy = database.prepare('DELETE FROM models WHERE key = ?');
  const revoke = database.prepare('DELETE FROM models WHERE grant_id = ?');
  const seconds = () => Math.floor(Date.now() / 1000);
  const read = (row) => {
    if (!row || (row.expires_at !== null && row.expires_at <= seconds())) return undefined;
    const payload = JSON.parse(row.payload);
    return row.consumed_at === null ? payload : { ...payload, consumed: row.consumed_at };
  };

  return class SqliteAdapter {
    constructor(name) {
      this.name = name;
    }

    #key(id) {
      return `${this.name}:${id}`;
    }

    async upsert(id, payload, expiresIn) {
      const expiresAt = expiresIn === undefined ? null : seconds() + expiresIn;
      upsert.run(
        this.#key(id),
        JSON.stringify(payload),
        payload.grantId ?? null,
        payload.userCode ?? null,
        payload.uid ?? null,
        expiresAt,
      );
    }

    async find(id) {
      return read(find.get(this.#key(id)));
    }

    async findByUid(uid) {
      return read(findByUid.get(uid));
    }

    async findByUserCode(userCode) {
      return read(findByUserCode.get(userCode));
    }

    async consume(id) {
      consume.run(seconds(), this.#key(id));
    }

    async destroy(id) {
      destroy.run(this.#key(id));
    }

    async revokeByGrantId(grantId) {
      revoke.run(grantId);
    }
  };
}
