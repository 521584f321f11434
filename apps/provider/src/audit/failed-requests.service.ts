import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { addSeconds, epochSeconds, type EpochSeconds, type Selector } from '@gatehouse/domain/kernel';
import { parseBasicCredentials, type Client, type OAuthError } from '@gatehouse/domain/oauth';
import { Clock } from '@gatehouse/platform/clock';
import { statement, Store, type Unit } from '@gatehouse/platform/database/store';
import { SelectorSource } from '@gatehouse/platform/secrets/random';
import {
  addressKey,
  clientAddress,
  header,
  networkKey,
  requestId,
  type WebRequest,
} from '@gatehouse/platform/http/request';
import { hourOf } from './activity.service.js';

const columns = 'selector, request_id, at, endpoint, reason, error, description, client_id, address, parameters';

const refusalStatements = {
  insert: statement(
    'refusals.insert',
    `INSERT INTO refusals (${columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
  ),
  list: statement(
    'refusals.list',
    `SELECT ${columns} FROM refusals WHERE selector < $1 ORDER BY selector DESC LIMIT $2`,
  ),
  listOfClient: statement(
    'refusals.list_of_client',
    `SELECT ${columns} FROM refusals WHERE client_id = $3 AND selector < $1 ORDER BY selector DESC LIMIT $2`,
  ),
  listOfRequest: statement(
    'refusals.list_of_request',
    `SELECT ${columns} FROM refusals WHERE request_id = $3 AND selector < $1 ORDER BY selector DESC LIMIT $2`,
  ),
  find: statement('refusals.find', `SELECT ${columns} FROM refusals WHERE selector = $1`),
  purge: statement('refusals.purge', 'DELETE FROM refusals WHERE at <= $1'),
  bound: statement(
    'refusals.bound',
    `DELETE FROM refusals WHERE selector <= (SELECT selector FROM refusals ORDER BY selector DESC LIMIT 1 OFFSET $1)`,
  ),
  count: statement(
    'refusal_counts.add',
    `INSERT INTO refusal_counts (source, hour, count) VALUES ($1, $2, $3)
     ON CONFLICT (source, hour) DO UPDATE SET count = refusal_counts.count + excluded.count`,
  ),
  addTo: statement(
    'refusal_counts.add_to',
    'UPDATE refusal_counts SET count = count + $3 WHERE source = $1 AND hour = $2',
  ),
  sourcesIn: statement('refusal_counts.sources_in', 'SELECT COUNT(*) AS n FROM refusal_counts WHERE hour = $1'),
  counts: statement(
    'refusal_counts.list',
    'SELECT source, SUM(count) AS count FROM refusal_counts WHERE hour >= $1 GROUP BY source ORDER BY 2 DESC LIMIT $2',
  ),
  purgeCounts: statement('refusal_counts.purge', 'DELETE FROM refusal_counts WHERE hour < $1'),
};

/** So many of one source, of one network (`networkKey`), and in all, a process keeps in a minute; the rest is counted. */
const maxOfSource = 20;
const maxOfNetwork = 40;
const maxOfAll = 120;
/**
 * Room that strangers cannot use up: so many of one approved client that authenticated, and of all such clients, a process
 * keeps in a minute beside those above.
 */
const maxOfClient = 20;
const maxOfClients = 120;
/** So many sources are named in an hour; all others are one. */
const maxSourcesInHour = 1000;
/** So many sources a process counts between two writes; all others are one. */
const maxSources = 200;
const otherSources = 'others';
const everyMilliseconds = 1_000;
/** More is never stored, whoever sends it. */
const maxStored = 10_000;
const keptSeconds = 7 * 24 * 3600;

const maxParameters = 40;
const maxValueCharacters = 500;

/** Parameters whose values say what was asked for, and open nothing. Of every other one only the length is kept. */
const shown: ReadonlySet<string> = new Set([
  'acr_values',
  'audience',
  'claims',
  'client_assertion_type',
  'client_id',
  'code_challenge_method',
  'display',
  'dpop_jkt',
  'grant_type',
  'grant_types',
  'max_age',
  'prompt',
  'redirect_uri',
  'redirect_uris',
  'requested_token_type',
  'resource',
  'response_mode',
  'response_type',
  'response_types',
  'scope',
  'subject_token_type',
  'token_endpoint_auth_method',
  'token_type_hint',
  'ui_locales',
]);

/** Answers that a client that does all right gets on its way (RFC 8628 3.5, RFC 9449 8). */
const steps: ReadonlySet<string> = new Set(['authorization_pending', 'slow_down', 'use_dpop_nonce']);

/** A refused request as it is kept. */
export interface FailedRequest {
  readonly selector: Selector;
  /** The trace id of the request, which its sender may choose (W3C Trace Context): several requests can have the same. */
  readonly requestId: string;
  readonly at: EpochSeconds;
  readonly endpoint: string;
  /** The stable id of the rule that refused. */
  readonly reason: string;
  readonly error: string;
  readonly description: string;
  /** As it was sent. */
  readonly clientId: string | undefined;
  readonly address: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** A request to the protocol that was refused. */
export interface NewFailedRequest {
  readonly request: WebRequest;
  readonly endpoint: string;
  readonly error: OAuthError;
  /** As they came; those that may be secret are not kept. */
  readonly parameters: ReadonlyMap<string, string>;
  /** The client that authenticated; undefined where none did, or none was asked to. */
  readonly client?: Client | undefined;
}

interface FailedRequestRow {
  readonly selector: number;
  readonly request_id: string;
  readonly at: number;
  readonly endpoint: string;
  readonly reason: string;
  readonly error: string;
  readonly description: string;
  readonly client_id: string | null;
  readonly address: string;
  readonly parameters: string;
}

/**
 * Keeps what the protocol refused for a while, for whoever is asked why. Noted in memory and written a second later:
 * no answer waits for it. Past a rate a source is only counted, and the table is bounded whatever comes.
 */
@Injectable()
export class FailedRequests implements BeforeApplicationShutdown {
  private waiting: FailedRequest[] = [];
  private readonly uncounted = new Map<string, number>();
  private minute = 0;
  /** By what is bounded: all, a source, a network, a client. */
  private keptOf = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(SelectorSource) private readonly selectors: SelectorSource,
  ) {}

  note({ request, endpoint, error, parameters, client }: NewFailedRequest): void {
    if (steps.has(error.code)) return;
    const now = this.clock.now();
    const address = clientAddress(request);
    const source = addressKey(address);
    this.timer ??= setTimeout(() => void this.flush(), everyMilliseconds).unref();
    if (!this.hasRoomForClient(client, now) && !this.hasRoomForAddress(address, now)) {
      const name = this.uncounted.has(source) || this.uncounted.size < maxSources ? source : otherSources;
      this.uncounted.set(name, (this.uncounted.get(name) ?? 0) + 1);
      return;
    }
    this.waiting.push({
      selector: this.selectors.next(),
      requestId: requestId(request),
      at: now,
      endpoint,
      reason: error.reason,
      error: error.code,
      description: error.description,
      clientId: client?.id ?? clientIdOf(request, parameters)?.slice(0, 300),
      address,
      parameters: withoutSecrets(parameters),
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.flush();
  }

  async flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { waiting } = this;
    const counts = [...this.uncounted].sort(([a], [b]) => (a < b ? -1 : 1));
    this.waiting = [];
    this.uncounted.clear();
    if (waiting.length === 0 && counts.length === 0) return;
    const hour = hourOf(this.clock.now());
    await this.store
      .run(async (unit) => {
        for (const each of waiting)
          unit.write(
            refusalStatements.insert,
            each.selector,
            each.requestId,
            each.at,
            each.endpoint,
            each.reason,
            each.error,
            each.description,
            each.clientId ?? null,
            each.address,
            JSON.stringify(each.parameters),
          );
        return this.addCounts(unit, counts, hour);
      })
      .catch(() => undefined);
  }

  /** New sources are named while the hour has room for them: whoever has many addresses fills nothing. */
  async addCounts(unit: Unit, counts: readonly (readonly [string, number])[], hour: number): Promise<void> {
    if (counts.length === 0) return;
    const [found] = await unit.all<{ n: number }>(refusalStatements.sourcesIn, hour);
    let room = maxSourcesInHour - Number(found?.n ?? 0);
    let others = 0;
    for (const [source, count] of counts) {
      if (source !== otherSources && (await unit.change(refusalStatements.addTo, source, hour, count)) === 1) continue;
      if (source === otherSources || room <= 0) others += count;
      else {
        room -= 1;
        unit.write(refusalStatements.count, source, hour, count);
      }
    }
    if (others > 0) unit.write(refusalStatements.count, otherSources, hour, others);
  }

  /**
   * Of a request id, else of a client, else all; the newest first.
   * @param query before: the selector of the last one of the page before
   */
  async list(query: {
    readonly requestId?: string | undefined;
    readonly clientId?: string | undefined;
    readonly before?: number | undefined;
    readonly limit: number;
  }): Promise<{ readonly failedRequests: readonly FailedRequest[]; readonly next: number | undefined }> {
    const { requestId, clientId, before = Number.MAX_SAFE_INTEGER, limit } = query;
    const { list, listOfClient, listOfRequest } = refusalStatements;
    const rows =
      requestId !== undefined
        ? await this.store.all<FailedRequestRow>(listOfRequest, before, limit + 1, requestId)
        : clientId !== undefined
          ? await this.store.all<FailedRequestRow>(listOfClient, before, limit + 1, clientId)
          : await this.store.all<FailedRequestRow>(list, before, limit + 1);
    const failedRequests = rows.slice(0, limit).map(toFailedRequest);
    return { failedRequests, next: rows.length > limit ? failedRequests.at(-1)?.selector : undefined };
  }

  async find(selector: Selector): Promise<FailedRequest | undefined> {
    const row = await this.store.one<FailedRequestRow>(refusalStatements.find, selector);
    return row && toFailedRequest(row);
  }

  /** Sources of refusals that were only counted since this hour, the busiest first. */
  async counts(hour: number, limit: number): Promise<{ readonly source: string; readonly count: number }[]> {
    const rows = await this.store.all<{ source: string; count: number }>(refusalStatements.counts, hour, limit);
    return rows.map((row) => ({ source: row.source, count: Number(row.count) }));
  }

  async purgeExpired(unit: Unit, now: EpochSeconds): Promise<number> {
    const old = await unit.change(refusalStatements.purge, addSeconds(now, -keptSeconds));
    const tooMany = await unit.change(refusalStatements.bound, maxStored);
    const counts = await unit.change(refusalStatements.purgeCounts, hourOf(now) - keptSeconds / 3600);
    return old + tooMany + counts;
  }

  /** Not for public clients, in whose name anybody sends requests, and not for clients that strangers registered. */
  private hasRoomForClient(client: Client | undefined, now: EpochSeconds): boolean {
    if (client?.type !== 'confidential' || client.approvedAt === undefined) return false;
    return this.takeRoom(now, [
      ['clients', maxOfClients],
      [`client ${client.id}`, maxOfClient],
    ]);
  }

  private hasRoomForAddress(address: string, now: EpochSeconds): boolean {
    return this.takeRoom(now, [
      ['all', maxOfAll],
      [`source ${addressKey(address)}`, maxOfSource],
      [`network ${networkKey(address)}`, maxOfNetwork],
    ]);
  }

  /** Takes one of each bound, if all of them have one left in this minute. */
  private takeRoom(now: EpochSeconds, bounds: readonly (readonly [of: string, most: number])[]): boolean {
    const minute = Math.floor(now / 60);
    if (minute !== this.minute) {
      this.minute = minute;
      this.keptOf = new Map();
    }
    if (bounds.some(([of, most]) => (this.keptOf.get(of) ?? 0) >= most)) return false;
    for (const [of] of bounds) this.keptOf.set(of, (this.keptOf.get(of) ?? 0) + 1);
    return true;
  }
}

function withoutSecrets(parameters: ReadonlyMap<string, string>): Record<string, string> {
  const kept = [...parameters].slice(0, maxParameters).map(([name, value]): [string, string] => {
    const text = shown.has(name) ? value.slice(0, maxValueCharacters) : `(${value.length} characters)`;
    return [plain(name.slice(0, 100)), plain(text)];
  });
  return Object.fromEntries(kept);
}

/** A text of our database has no NUL. */
function plain(text: string): string {
  return text.replaceAll('\0', '\uFFFD');
}

function clientIdOf(request: WebRequest, parameters: ReadonlyMap<string, string>): string | undefined {
  const authorization = header(request, 'authorization');
  const named = parameters.get('client_id') ?? (authorization && parseBasicCredentials(authorization)?.clientId);
  return named === undefined || named === '' ? undefined : plain(named);
}

function toFailedRequest(row: FailedRequestRow): FailedRequest {
  return {
    selector: Number(row.selector) as Selector,
    requestId: row.request_id,
    at: epochSeconds(Number(row.at)),
    endpoint: row.endpoint,
    reason: row.reason,
    error: row.error,
    description: row.description,
    clientId: row.client_id ?? undefined,
    address: row.address,
    parameters: JSON.parse(row.parameters) as Record<string, string>,
  };
}
