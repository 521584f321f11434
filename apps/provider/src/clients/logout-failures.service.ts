import { Inject, Injectable } from '@nestjs/common';
import { epochSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';
import type { Client } from '@gatehouse/domain/oauth';
import { statement, Store } from '@gatehouse/platform/database/store';

interface FailureRow {
  readonly client_id: string;
  readonly uri: string;
  readonly reason: string;
  readonly retried: number;
  readonly failures: number;
  readonly first_failed_at: number;
  readonly last_failed_at: number;
}

const failureStatements = {
  record: statement(
    'logout_failures.record',
    `INSERT INTO logout_failures (client_id, uri, reason, retried, failures, first_failed_at, last_failed_at)
     SELECT id, $2::text, $3::text, $4::integer, 1, $5::bigint, $5::bigint FROM clients WHERE id = $1
     ON CONFLICT (client_id) DO UPDATE SET
       failures = CASE WHEN logout_failures.uri = excluded.uri THEN logout_failures.failures + 1 ELSE 1 END,
       first_failed_at = CASE WHEN logout_failures.uri = excluded.uri THEN logout_failures.first_failed_at
         ELSE excluded.first_failed_at END,
       uri = excluded.uri, reason = excluded.reason, retried = excluded.retried, last_failed_at = excluded.last_failed_at`,
    {
      sqlite: `INSERT INTO logout_failures (client_id, uri, reason, retried, failures, first_failed_at, last_failed_at)
     SELECT id, $2, $3, $4, 1, $5, $5 FROM clients WHERE id = $1
     ON CONFLICT (client_id) DO UPDATE SET
       failures = CASE WHEN logout_failures.uri = excluded.uri THEN logout_failures.failures + 1 ELSE 1 END,
       first_failed_at = CASE WHEN logout_failures.uri = excluded.uri THEN logout_failures.first_failed_at
         ELSE excluded.first_failed_at END,
       uri = excluded.uri, reason = excluded.reason, retried = excluded.retried, last_failed_at = excluded.last_failed_at`,
    },
  ),
  find: statement('logout_failures.find', 'SELECT * FROM logout_failures WHERE client_id = $1'),
  list: statement(
    'logout_failures.list',
    'SELECT * FROM logout_failures ORDER BY last_failed_at DESC, client_id LIMIT $1',
  ),
  clear: statement('logout_failures.clear', 'DELETE FROM logout_failures WHERE client_id = $1'),
};

/** The outbox kinds of logouts: for approved clients, and for all others. */
export const logoutKinds = ['backchannel-logout', 'backchannel-logout-unapproved'] as const;

/** Longer than the longest delay of the outbox between two attempts. */
const maxRetryDelaySeconds = 3600;
const maxReasonCharacters = 200;

/** Why the back-channel logouts of a client fail. */
export interface LogoutFailure {
  readonly clientId: string;
  readonly host: string;
  readonly reason: string;
  /** False: the last logout is not retried. */
  readonly retried: boolean;
  readonly failures: number;
  readonly firstFailedAt: EpochSeconds;
  readonly lastFailedAt: EpochSeconds;
}

/** Records failed back-channel logouts of a client until one is delivered (Back-Channel Logout 1.0 2.5). */
@Injectable()
export class LogoutFailures {
  constructor(@Inject(Store) private readonly store: Store) {}

  async record(
    client: { readonly id: string; readonly uri: string },
    failure: { readonly reason: string; readonly retried: boolean },
    now: EpochSeconds,
  ): Promise<void> {
    const reason = failure.reason.slice(0, maxReasonCharacters);
    await this.store.run((unit) =>
      unit.change(failureStatements.record, client.id, client.uri, reason, failure.retried ? 1 : 0, now),
    );
  }

  /** Called after a delivery. Reads first, so that deliveries usually write nothing. */
  async clear(clientId: string): Promise<void> {
    if (!(await this.store.one(failureStatements.find, clientId))) return;
    await this.store.run((unit) => unit.change(failureStatements.clear, clientId));
  }

  /** Undefined when deliveries succeed, or the client has registered another URI since. */
  async find({ id, backchannelLogoutUri }: Client, now: EpochSeconds): Promise<LogoutFailure | undefined> {
    const row = await this.store.one<FailureRow>(failureStatements.find, id);
    return row && row.uri === backchannelLogoutUri ? toFailure(row, now) : undefined;
  }

  /** The most recent first, including those of URIs that clients have replaced. */
  async list(limit: number, now: EpochSeconds): Promise<(LogoutFailure & { readonly uri: string })[]> {
    const rows = await this.store.all<FailureRow>(failureStatements.list, limit);
    return rows.map((row) => ({ ...toFailure(row, now), uri: row.uri }));
  }
}

function toFailure(row: FailureRow, now: EpochSeconds): LogoutFailure {
  return {
    clientId: row.client_id,
    host: new URL(row.uri).host,
    reason: row.reason,
    // No attempt for that long: the outbox has given up.
    retried: Number(row.retried) === 1 && now < Number(row.last_failed_at) + maxRetryDelaySeconds,
    failures: Number(row.failures),
    firstFailedAt: epochSeconds(Number(row.first_failed_at)),
    lastFailedAt: epochSeconds(Number(row.last_failed_at)),
  };
}
