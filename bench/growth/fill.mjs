import { createHash } from 'node:crypto';
import Database from 'better-sqlite3';

const rowsPerTransaction = 20_000;

/** The secret part of the token with this number, derived so that a million secrets need not be stored. */
export function verifierOf(kind, number) {
  return createHash('sha256').update(`growth ${kind} ${number}`).digest('base64url');
}

/** A UUID in the order of the numbers, as Gatehouse's UUIDs are in the order of time. */
export function idOf(number) {
  return `01900000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`;
}

/** The last login of the user, and the creation of the client, with this number. */
export function instantOf(number) {
  return 1_700_000_000 + number;
}

/** The number of clients that own tokens; the other clients are idle. */
export const busyClients = 100;

/** The client that owns the tokens with this number. Every user logged in at one busy client. */
export function clientOf(number, size) {
  return idOf(number % Math.min(busyClients, size));
}

/**
 * Fills a database of Gatehouse that is not in use with `size` users, clients with a secret, grants, access and refresh tokens.
 * Every row is a copy of a row that Gatehouse wrote, with its own identifiers, so that it has all columns.
 * @param model  the rows to copy: the username, the client's id, and the selectors of the tokens as numbers
 * @returns the selector of the first row; row number n has `first + n * 2048`
 */
export function fill(path, size, model, onProgress) {
  const database = new Database(path);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = OFF'); // filling is not measured
  database.pragma('cache_size = -262144');
  const rowOf = (table, column, value) => database.prepare(`SELECT * FROM ${table} WHERE ${column} = ?`).get(value);
  const user = rowOf('users', 'username', model.username);
  const client = rowOf('clients', 'id', model.clientId);
  const secret = rowOf('client_secrets', 'client_id', model.clientId);
  const access = rowOf('access_tokens', 'selector', model.accessSelector);
  const refresh = rowOf('refresh_tokens', 'selector', model.refreshSelector);
  const grant = rowOf('grants', 'selector', refresh.grant_selector);
  const role = rowOf('user_roles', 'user_id', user.id);
  const first = Math.min(access.selector, refresh.selector, grant.selector) - (size + 1) * 2048;
  const selectorOf = (number) => first + number * 2048;

  // In the order that foreign keys require. Users share one password hash, clients one secret.
  const tables = [
    [
      'users',
      user,
      (n) => ({
        id: idOf(n),
        username: `person-${n}`,
        username_key: `person-${n}`,
        email: `person-${n}@example.org`,
        email_key: `person-${n}@example.org`,
        last_login_at: instantOf(n),
      }),
    ],
    ['user_roles', role, (n) => ({ user_id: idOf(n) })],
    ['clients', client, (n) => ({ id: idOf(n), name: `Client ${n}`, created_at: instantOf(n) })],
    ['client_secrets', secret, (n) => ({ id: idOf(n), client_id: idOf(n) })],
    [
      'grants',
      grant,
      (n) => ({ selector: selectorOf(n), client_id: clientOf(n, size), user_id: idOf(n), session_id: idOf(n) }),
    ],
    [
      'access_tokens',
      access,
      (n) => ({
        selector: selectorOf(n),
        verifier_hash: hashOf('access', n),
        grant_selector: selectorOf(n),
        client_id: clientOf(n, size),
        user_id: idOf(n),
      }),
    ],
    [
      'refresh_tokens',
      refresh,
      (n) => ({
        selector: selectorOf(n),
        verifier_hash: hashOf('refresh', n),
        grant_selector: selectorOf(n),
        client_id: clientOf(n, size),
      }),
    ],
  ];
  tables.forEach(([table, sample, identity], index) => {
    const columns = Object.keys(sample);
    const insert = database.prepare(
      `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map((column) => `@${column}`).join(', ')})`,
    );
    const insertRange = database.transaction((from, to) => {
      for (let number = from; number < to; number++) insert.run({ ...sample, ...identity(number) });
    });
    for (let from = 0; from < size; from += rowsPerTransaction) {
      insertRange(from, Math.min(size, from + rowsPerTransaction));
      onProgress(table, (index + Math.min(1, (from + rowsPerTransaction) / size)) / tables.length);
    }
  });
  database.pragma('wal_checkpoint(TRUNCATE)');
  database.pragma('optimize');
  database.close();
  return first;
}

function hashOf(kind, number) {
  return createHash('sha256').update(verifierOf(kind, number)).digest();
}
