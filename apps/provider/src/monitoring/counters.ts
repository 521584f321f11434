import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Connections } from '@gatehouse/platform/database/store';
import type { LoggedRequest } from '@gatehouse/platform/http/request-log';
import { RequestDurations } from './request-durations.js';

/** What is also counted per hour, for the dashboard of administrators. */
export type ActivityKind = 'login' | 'login_failed' | 'token' | 'refusal';

const durations = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/**
 * The metrics of a process. Labels come from closed sets (route patterns, reasons, grant types), so that requests cannot
 * create new series.
 */
export class Counters {
  readonly registry = new Registry();
  private activityListener: (kind: ActivityKind) => void = () => undefined;
  private readonly requests = new RequestDurations(
    'gatehouse_request_duration_seconds',
    'Duration of requests by route, method and status.',
    durations,
    this.registry,
  );
  private readonly failedRequests = new Counter({
    name: 'gatehouse_failed_requests_total',
    help: 'Failed requests by the stable id of the rule that refused them.',
    labelNames: ['reason'],
    registers: [this.registry],
  });
  private readonly tokens = new Counter({
    name: 'gatehouse_token_responses_total',
    help: 'Successful responses of the token endpoint by grant type.',
    labelNames: ['grant_type'],
    registers: [this.registry],
  });
  private readonly logins = new Counter({
    name: 'gatehouse_logins_total',
    help: 'Sign-ins by password or by a passkey alone, by outcome.',
    labelNames: ['outcome'],
    registers: [this.registry],
  });
  private readonly deliveries = new Counter({
    name: 'gatehouse_outbox_attempts_total',
    help: 'Attempts to deliver messages, by kind and outcome.',
    labelNames: ['kind', 'outcome'],
    registers: [this.registry],
  });
  private readonly factors = new Counter({
    name: 'gatehouse_second_factors_total',
    help: 'Second-factor verifications by outcome.',
    labelNames: ['outcome'],
    registers: [this.registry],
  });
  private readonly purged = new Counter({
    name: 'gatehouse_purged_rows_total',
    help: 'Expired rows that were deleted.',
    registers: [this.registry],
  });
  private readonly unfinished = new Gauge({
    name: 'gatehouse_purge_backlog_tables',
    help: 'Tables that the last purge did not finish; the next run continues with them.',
    registers: [this.registry],
  });
  private readonly units = new Histogram({
    name: 'gatehouse_write_batch_units',
    help: 'Units of work that shared one commit (SQLite).',
    buckets: [1, 2, 4, 8, 16, 32, 64],
    registers: [this.registry],
  });
  private readonly commits = new Histogram({
    name: 'gatehouse_write_commit_seconds',
    help: 'Duration of a shared commit, including the flush (SQLite).',
    buckets: durations,
    registers: [this.registry],
  });

  /** Adds metrics of the process: memory, CPU, garbage collection, event-loop delay. Not used in tests. */
  collectProcess(): void {
    collectDefaultMetrics({ register: this.registry, prefix: 'gatehouse_' });
  }

  /** Registers the listener that counts activity per hour. */
  onActivity(listener: (kind: ActivityKind) => void): void {
    this.activityListener = listener;
  }

  answered({ request, status, milliseconds }: LoggedRequest): void {
    this.requests.observe(request.method ?? '', request.route?.path ?? 'unmatched', status, milliseconds / 1000);
  }

  refused(reason: string): void {
    this.failedRequests.inc({ reason });
    this.activityListener('refusal');
  }

  issued(grantType: string): void {
    this.tokens.inc({ grant_type: grantType });
    this.activityListener('token');
  }

  loggedIn(outcome: 'logged in' | 'wrong' | 'throttled' | 'busy'): void {
    this.logins.inc({ outcome });
    // No password was verified.
    if (outcome === 'busy') return;
    this.activityListener(outcome === 'logged in' ? 'login' : 'login_failed');
  }

  secondFactor(outcome: 'proved' | 'wrong' | 'throttled' | 'ended'): void {
    this.factors.inc({ outcome });
  }

  purgedRows(count: number): void {
    if (count > 0) this.purged.inc(count);
  }

  purgeUnfinished(tables: number): void {
    this.unfinished.set(tables);
  }

  committed(units: number, milliseconds: number): void {
    this.units.observe(units);
    this.commits.observe(milliseconds / 1000);
  }

  outboxAttempt(kind: string, outcome: string): void {
    this.deliveries.inc({ kind, outcome });
  }

  /**
   * All processes share one outbox, so the aggregate of several is their maximum, not their sum. When the outbox cannot be
   * read, the gauges keep their values.
   */
  watchOutbox(
    read: () => Promise<{ readonly waiting: number; readonly failed: number; readonly oldestAgeSeconds: number }>,
  ): void {
    const gauge = (name: string, help: string): Gauge =>
      new Gauge({ name, help, aggregator: 'max', registers: [this.registry] });
    const failed = gauge('gatehouse_outbox_failed', 'Messages that were given up; they are kept for three days.');
    const oldest = gauge('gatehouse_outbox_oldest_seconds', 'Age of the oldest waiting message.');
    new Gauge({
      name: 'gatehouse_outbox_waiting',
      help: 'Messages (logouts, mail) that have not been delivered yet.',
      aggregator: 'max',
      registers: [this.registry],
      async collect() {
        const now = await read().catch(() => undefined);
        if (!now) return;
        this.set(now.waiting);
        failed.set(now.failed);
        oldest.set(now.oldestAgeSeconds);
      },
    });
  }

  /** Adds database connections by pool and state, read at each scrape. */
  watchConnections(read: () => readonly Connections[]): void {
    new Gauge({
      name: 'gatehouse_database_connections',
      help: 'Connections to PostgreSQL by pool and state; `waiting` counts requests for a connection.',
      labelNames: ['pool', 'state'],
      registers: [this.registry],
      collect() {
        for (const { pool, busy, idle, waiting } of read()) {
          this.set({ pool, state: 'busy' }, busy);
          this.set({ pool, state: 'idle' }, idle);
          this.set({ pool, state: 'waiting' }, waiting);
        }
      },
    });
  }

  /** Adds a gauge that is read at each scrape. */
  watch(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.set(read());
      },
    });
  }
}
