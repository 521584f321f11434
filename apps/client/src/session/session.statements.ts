import { statement } from '@gatehouse/platform/database/store';

export interface SessionRow {
  selector: number;
  verifier_hash: Buffer;
  version: number;
  content_sealed: string;
  created_at: number;
  expires_at: number;
}

export const sessionStatements = {
  insert: statement(
    'sessions.insert',
    `INSERT INTO sessions (selector, verifier_hash, version, content_sealed, created_at, expires_at, subject_hash,
       provider_session_hash)
     VALUES ($1, $2, 1, $3, $4, $5, $6, $7)`,
  ),
  find: statement('sessions.find', 'SELECT * FROM sessions WHERE selector = $1 AND expires_at > $2'),
  /** One of two concurrent changes succeeds; the other reads the row again. */
  change: statement(
    'sessions.change',
    'UPDATE sessions SET content_sealed = $3, version = version + 1 WHERE selector = $1 AND version = $2',
  ),
  /** For changes that must not be lost, despite concurrent ones. */
  put: statement('sessions.put', 'UPDATE sessions SET content_sealed = $2, version = version + 1 WHERE selector = $1'),
  end: statement('sessions.end', 'DELETE FROM sessions WHERE selector = $1'),
  endOfSubject: statement('sessions.end_of_subject', 'DELETE FROM sessions WHERE subject_hash = $1'),
  endOfProviderSession: statement(
    'sessions.end_of_provider_session',
    'DELETE FROM sessions WHERE provider_session_hash = $1',
  ),
  purge: statement(
    'sessions.purge',
    'DELETE FROM sessions WHERE selector IN (SELECT selector FROM sessions WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)',
  ),
};
