import { createHash } from 'node:crypto';
import Database from 'better-sqlite3';

const rowsPerTransaction = 20_000;

/** The secret part of the token of this number: made again by whoever needs it, so that nobody keeps a million. */
export function verifierOf(kind, number) {
  return createHash('sha256').update(`growth ${kind} ${number}`).digest('base64url');
}

/** A UUID in the order of the numbers, as the product's own are in the order of time. */
export function idOf(number) {
  return `01900000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`;
}

/** When the person of this number logged in last, and the client was added. */
export function instantOf(number) {
  return 1_700_000_000 + number;
}

/** How many clients own the tokens; the other clients are there and do nothing. */
export const busyClients = 100;

/** Every person logged in at a busy client once: which client's the tokens of this number are. */
export function clientOf(number, size) {
  return idOf(number % Math.min(busyClients, size));
}

/**
 * Fills a database of Gatehouse that is not in use: `size` users, clients with a secret, grants, access and refresh
 * tokens. Every row is a copy of one that Gatehouse wrote itself, with an identity of its own, so that it has
 * whatever columns there are.
 * @param model  what to copy: the username, the client's id, and the selectors of the tokens as numbers
 * @returns the selector of the first row; the row of number n has `first + n * 2048`
 */
export function fill(path, size, model, onProgress) {
  const database = new Database(path);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = OFF'); // filling is no part of the measurement
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

  // In the order that keys between the tables ask for. Users share one password hash, clients one secret.
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
    const some = database.transaction((from, to) => {
      for (let number = from; number < to; number++) insert.run({ ...sample, ...identity(number) });
    });
    for (let from = 0; from < size; from += rowsPerTransaction) {
      some(from, Math.min(size, from + rowsPerTransaction));
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
