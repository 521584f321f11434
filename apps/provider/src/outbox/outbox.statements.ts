import { statement } from '@gatehouse/platform/database/store';

/** Bounds what unauthenticated requests can cause: the maximum of waiting messages per kind and destination. */
export const maxWaitingPerDestination = 10_000;

/** How many rows the purge deletes in one step. */
export const maxPurgedInStep = 1000;

/** A message that is due. */
export interface DueRow {
  selector: number;
  kind: string;
  destination: string;
  attempts: number;
}

/** A claimed message. */
export interface ClaimedRow extends DueRow {
  payload_sealed: string;
  expires_at: number;
}

export interface OutboxListRow extends DueRow {
  created_at: number;
  expires_at: number;
  due_at: number | null;
  claimed_at: number | null;
  failed_at: number | null;
  last_failure: string | null;
}

const room = `NOT EXISTS (SELECT 1 FROM outbox_messages WHERE destination = $3 AND kind = $2 AND due_at IS NOT NULL
  LIMIT 1 OFFSET ${maxWaitingPerDestination - 1})`;
const columns = 'selector, kind, destination, payload_sealed, created_at, expires_at, due_at, attempts';
const listed =
  'selector, kind, destination, attempts, created_at, expires_at, due_at, claimed_at, failed_at, last_failure';

export const outboxStatements = {
  insert: statement(
    'outbox_messages.insert',
    `INSERT INTO outbox_messages (${columns})
     SELECT $1::bigint, $2::text, $3::text, $4::text, $5::bigint, $6::bigint, $5::bigint, 0 WHERE ${room}`,
    { sqlite: `INSERT INTO outbox_messages (${columns}) SELECT $1, $2, $3, $4, $5, $6, $5, 0 WHERE ${room}` },
  ),
  /** Whether any message is due: the poll of an idle worker. */
  anyDue: statement('outbox_messages.any_due', 'SELECT selector FROM outbox_messages WHERE due_at <= $1 LIMIT 1'),
  /** $3: destinations to leave out, a JSON array. */
  due: statement(
    'outbox_messages.due',
    `SELECT selector, kind, destination, attempts FROM outbox_messages
     WHERE kind = $1 AND due_at <= $2 AND destination NOT IN (SELECT json_array_elements_text($3::json))
     ORDER BY due_at, selector LIMIT $4`,
    {
      sqlite: `SELECT selector, kind, destination, attempts FROM outbox_messages
     WHERE kind = $1 AND due_at <= $2 AND destination NOT IN (SELECT value FROM json_each($3))
     ORDER BY due_at, selector LIMIT $4`,
    },
  ),
  /** Succeeds for one of all processes that read this row: for the others the number of attempts or the instant has changed. */
  claim: statement(
    'outbox_messages.claim',
    `UPDATE outbox_messages SET attempts = attempts + 1, claimed_at = $3, due_at = $4
     WHERE selector = $1 AND attempts = $2 AND due_at <= $3
     RETURNING selector, kind, destination, attempts, payload_sealed, expires_at`,
  ),
  // A process that has lost its claim (its lease ended) no longer changes the row.
  arrived: statement('outbox_messages.arrived', 'DELETE FROM outbox_messages WHERE selector = $1 AND attempts = $2'),
  postpone: statement(
    'outbox_messages.postpone',
    `UPDATE outbox_messages SET claimed_at = NULL, due_at = $3, last_failure = $4
     WHERE selector = $1 AND attempts = $2 AND due_at IS NOT NULL`,
  ),
  /** An attempt that a shutdown aborted does not count. */
  release: statement(
    'outbox_messages.release',
    `UPDATE outbox_messages SET claimed_at = NULL, due_at = $3, attempts = attempts - 1
     WHERE selector = $1 AND attempts = $2 AND due_at IS NOT NULL`,
  ),
  giveUp: statement(
    'outbox_messages.give_up',
    `UPDATE outbox_messages SET claimed_at = NULL, due_at = NULL, failed_at = $3, last_failure = $4
     WHERE selector = $1 AND attempts = $2 AND due_at IS NOT NULL`,
  ),
  /** Postpones the other messages of a kind for an unreachable destination. */
  holdBack: statement(
    'outbox_messages.hold_back',
    `UPDATE outbox_messages SET due_at = $3
     WHERE destination = $2 AND kind = $1 AND due_at < $3 AND claimed_at IS NULL`,
  ),
  list: statement(
    'outbox_messages.list',
    `SELECT ${listed} FROM outbox_messages WHERE selector > $1 ORDER BY selector LIMIT $2`,
  ),
  listFailed: statement(
    'outbox_messages.list_failed',
    `SELECT ${listed} FROM outbox_messages WHERE failed_at IS NOT NULL AND selector > $1 ORDER BY selector LIMIT $2`,
  ),
  /** Restarts messages that were given up and makes waiting ones due now; ignores those being delivered. */
  retry: statement(
    'outbox_messages.retry',
    `UPDATE outbox_messages SET due_at = $2, attempts = CASE WHEN failed_at IS NULL THEN attempts ELSE 0 END,
       expires_at = CASE WHEN expires_at < $3 THEN $3 ELSE expires_at END, failed_at = NULL
     WHERE selector = $1 AND claimed_at IS NULL`,
  ),
  backlog: statement(
    'outbox_messages.backlog',
    `SELECT COUNT(due_at) AS waiting, COUNT(failed_at) AS failed,
       MIN(CASE WHEN due_at IS NULL THEN NULL ELSE created_at END) AS oldest FROM outbox_messages`,
  ),
  /** $1: kinds, a JSON array. */
  backlogOf: statement(
    'outbox_messages.backlog_of',
    `SELECT COUNT(due_at) AS waiting, COUNT(failed_at) AS failed,
       MIN(CASE WHEN due_at IS NULL THEN NULL ELSE created_at END) AS oldest FROM outbox_messages
     WHERE kind IN (SELECT json_array_elements_text($1::json))`,
    {
      sqlite: `SELECT COUNT(due_at) AS waiting, COUNT(failed_at) AS failed,
       MIN(CASE WHEN due_at IS NULL THEN NULL ELSE created_at END) AS oldest FROM outbox_messages
     WHERE kind IN (SELECT value FROM json_each($1))`,
    },
  ),
  purge: statement(
    'outbox_messages.purge',
    `DELETE FROM outbox_messages WHERE selector IN
       (SELECT selector FROM outbox_messages WHERE failed_at <= $1 LIMIT ${maxPurgedInStep})`,
  ),
};
