import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { addSeconds, epochSeconds, type EpochSeconds, type Selector } from '@gatehouse/domain/kernel';
import { parseBasicCredentials, type Client, type OAuthError } from '@gatehouse/domain/oauth';
import { Clock } from '@gatehouse/platform/clock';
import { Store, type Unit } from '@gatehouse/platform/database/store';
import { SelectorSource } from '@gatehouse/platform/secrets/random';
import {
  addressKey,
  clientAddress,
  header,
  networkKey,
  requestId,
  type WebRequest,
} from '@gatehouse/platform/http/request';
import type { PurgeStep } from '../database/sweep.js';
import { hourOf } from './activity.service.js';
import { failedRequestStatements } from './failed-request.statements.js';

/**
 * How many failed requests per source, per network (`networkKey`) and in total a process stores per minute; others are
 * only counted.
 */
const maxPerSource = 20;
const maxPerNetwork = 40;
const maxTotal = 120;
/**
 * Separate capacity for authenticated, approved clients, which unauthenticated requests cannot exhaust: per client, and for
 * all clients.
 */
const maxPerClient = 20;
const maxForClients = 120;
/** How many sources are counted separately per hour; all others are counted together. */
const maxSourcesPerHour = 1000;
/** How many sources a process counts separately between two writes. */
const maxSources = 200;
const otherSources = 'others';
const flushMilliseconds = 1_000;
/**
 * The maximum number of rows: of authenticated, approved clients, and of all others. Separate, because otherwise the rows of
 * unauthenticated requests would displace those of clients.
 */
const maxOfClients = 5_000;
const maxOfOthers = 5_000;
/** How many rows over the maximum a step of the purge deletes. */
const maxExcessPerStep = 1_000;
const retentionSeconds = 7 * 24 * 3600;

const maxParameters = 40;
/** How many characters of a value are recorded; a longer one is cut off. */
export const maxRecordedCharacters = 500;

/** Parameters whose values are stored, because they are no secrets. For all others only the length is stored. */
const nonSecretParameters: ReadonlySet<string> = new Set([
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

/** Error codes that are part of a normal flow (RFC 8628 3.5, RFC 9449 8). */
const expectedErrors: ReadonlySet<string> = new Set(['authorization_pending', 'slow_down', 'use_dpop_nonce']);

/** A stored failed request. */
export interface FailedRequest {
  readonly selector: Selector;
  /** The trace id of the request, which its sender may choose (W3C Trace Context): several requests can have the same. */
  readonly requestId: string;
  readonly at: EpochSeconds;
  readonly endpoint: string;
  /** The stable id of the rule that refused the request. */
  readonly reason: string;
  readonly error: string;
  readonly description: string;
  /** As received. */
  readonly clientId: string | undefined;
  /** Whether an approved confidential client authenticated. Otherwise anyone can have sent the `clientId`. */
  readonly clientAuthenticated: boolean;
  /** The administrator who was signed in to the browser that sent the request. */
  readonly administratorId: string | undefined;
  readonly address: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** A failed request to a protocol endpoint. */
export interface NewFailedRequest {
  readonly request: WebRequest;
  readonly endpoint: string;
  readonly error: OAuthError;
  /** As received; values that may be secret are not stored. */
  readonly parameters: ReadonlyMap<string, string>;
  /** The authenticated client; undefined when none authenticated, or authentication was not required. */
  readonly client?: Client | undefined;
  /** The administrator who is signed in to the browser that sent the request. */
  readonly administratorId?: string | undefined;
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
  readonly client_authenticated: boolean | number;
  readonly administrator_id: string | null;
  readonly address: string;
  readonly parameters: string;
}

/**
 * Stores failed protocol requests for some days, so that support can explain them. Collected in memory and written a
 * second later, so that no response waits for the write. Over a rate, requests are only counted; the table is bounded.
 */
@Injectable()
export class FailedRequests implements BeforeApplicationShutdown {
  private pending: FailedRequest[] = [];
  private readonly overflow = new Map<string, number>();
  private minute = 0;
  /** The number of requests stored this minute, by bound: total, source, network or client. */
  private storedByBound = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(SelectorSource) private readonly selectors: SelectorSource,
  ) {}

  note({ request, endpoint, error, parameters, client, administratorId }: NewFailedRequest): void {
    if (expectedErrors.has(error.code)) return;
    const now = this.clock.now();
    const address = clientAddress(request);
    const source = addressKey(address);
    this.timer ??= setTimeout(() => void this.flush(), flushMilliseconds).unref();
    const authenticated = approvedConfidential(client);
    const isTaken = authenticated ? this.takeForClient(authenticated, now) : this.takeForAddress(address, now);
    if (!isTaken) {
      const name = this.overflow.has(source) || this.overflow.size < maxSources ? source : otherSources;
      this.overflow.set(name, (this.overflow.get(name) ?? 0) + 1);
      return;
    }
    this.pending.push({
      selector: this.selectors.next(),
      requestId: requestId(request),
      at: now,
      endpoint,
      reason: error.reason,
      error: error.code,
      description: error.description,
      clientId: client?.id ?? clientIdOf(request, parameters)?.slice(0, 300),
      clientAuthenticated: authenticated !== undefined,
      administratorId,
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
    const { pending } = this;
    const counts = [...this.overflow].sort(([a], [b]) => (a < b ? -1 : 1));
    this.pending = [];
    this.overflow.clear();
    if (pending.length === 0 && counts.length === 0) return;
    const hour = hourOf(this.clock.now());
    await this.store
      .run(async (unit) => {
        for (const each of pending)
          unit.write(
            failedRequestStatements.insert,
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
            each.clientAuthenticated ? 1 : 0,
            each.administratorId ?? null,
          );
        return this.addCounts(unit, counts, hour);
      })
      .catch(() => undefined);
  }

  /** New sources are counted separately up to a maximum per hour: many addresses cannot fill the table. */
  async addCounts(unit: Unit, counts: readonly (readonly [string, number])[], hour: number): Promise<void> {
    if (counts.length === 0) return;
    const [found] = await unit.all<{ n: number }>(failedRequestStatements.sourcesIn, hour);
    let capacity = maxSourcesPerHour - Number(found?.n ?? 0);
    let others = 0;
    for (const [source, count] of counts) {
      if (source !== otherSources && (await unit.change(failedRequestStatements.addTo, source, hour, count)) === 1)
        continue;
      if (source === otherSources || capacity <= 0) others += count;
      else {
        capacity -= 1;
        unit.write(failedRequestStatements.count, source, hour, count);
      }
    }
    if (others > 0) unit.write(failedRequestStatements.count, otherSources, hour, others);
  }

  /**
   * Failed requests of a request id, or of a client, or all; newest first.
   * @param query before: the last selector of the previous page
   */
  async list(query: {
    readonly requestId?: string | undefined;
    readonly clientId?: string | undefined;
    readonly before?: number | undefined;
    readonly limit: number;
  }): Promise<{ readonly failedRequests: readonly FailedRequest[]; readonly next: number | undefined }> {
    const { requestId, clientId, before = Number.MAX_SAFE_INTEGER, limit } = query;
    const { list, listOfClient, listOfRequest } = failedRequestStatements;
    const rows =
      requestId !== undefined
        ? await this.store.all<FailedRequestRow>(listOfRequest, before, limit + 1, requestId)
        : clientId !== undefined
          ? await this.store.all<FailedRequestRow>(listOfClient, before, limit + 1, clientId)
          : await this.store.all<FailedRequestRow>(list, before, limit + 1);
    const failedRequests = rows.slice(0, limit).map(toFailedRequest);
    return { failedRequests, next: rows.length > limit ? failedRequests.at(-1)?.selector : undefined };
  }

  /**
   * The newest ones that an authenticated client, or the browser of an administrator sent. Strangers cannot displace those of
   * clients; those of administrators' browsers are bounded together with anonymous ones.
   */
  async listOfKnownSenders(limit: number): Promise<readonly FailedRequest[]> {
    const { listOfKnownSenders } = failedRequestStatements;
    const rows = await this.store.all<FailedRequestRow>(listOfKnownSenders, Number.MAX_SAFE_INTEGER, limit);
    return rows.map(toFailedRequest);
  }

  async find(selector: Selector): Promise<FailedRequest | undefined> {
    const row = await this.store.one<FailedRequestRow>(failedRequestStatements.find, selector);
    return row && toFailedRequest(row);
  }

  /** Sources of failed requests that were only counted since this hour, the most frequent first. */
  async counts(hour: number, limit: number): Promise<{ readonly source: string; readonly count: number }[]> {
    const rows = await this.store.all<{ source: string; count: number }>(failedRequestStatements.counts, hour, limit);
    return rows.map((row) => ({ source: row.source, count: Number(row.count) }));
  }

  /** Rows over a maximum are deleted in steps: after an upgrade there may be thousands. */
  async purgeExpired(unit: Unit, now: EpochSeconds): Promise<PurgeStep> {
    const { boundAuthenticated, boundOthers } = failedRequestStatements;
    const expired = await unit.change(failedRequestStatements.purge, addSeconds(now, -retentionSeconds));
    const ofClients = await unit.change(boundAuthenticated, maxOfClients, maxExcessPerStep);
    const ofOthers = await unit.change(boundOthers, maxOfOthers, maxExcessPerStep);
    const counts = await unit.change(failedRequestStatements.purgeCounts, hourOf(now) - retentionSeconds / 3600);
    const more = Math.max(ofClients, ofOthers) === maxExcessPerStep;
    return { deleted: expired + ofClients + ofOthers + counts, more };
  }

  private takeForClient(client: Client, now: EpochSeconds): boolean {
    return this.take(now, [
      ['clients', maxForClients],
      [`client ${client.id}`, maxPerClient],
    ]);
  }

  private takeForAddress(address: string, now: EpochSeconds): boolean {
    return this.take(now, [
      ['all', maxTotal],
      [`source ${addressKey(address)}`, maxPerSource],
      [`network ${networkKey(address)}`, maxPerNetwork],
    ]);
  }

  /** Takes one from each limit of this minute, if none of them is exhausted. */
  private take(now: EpochSeconds, limits: readonly (readonly [bound: string, limit: number])[]): boolean {
    const minute = Math.floor(now / 60);
    if (minute !== this.minute) {
      this.minute = minute;
      this.storedByBound = new Map();
    }
    if (limits.some(([bound, limit]) => (this.storedByBound.get(bound) ?? 0) >= limit)) return false;
    for (const [bound] of limits) this.storedByBound.set(bound, (this.storedByBound.get(bound) ?? 0) + 1);
    return true;
  }
}

/** Not a public client, whose `client_id` anyone can send, and not an unapproved one, which anyone may have registered. */
function approvedConfidential(client: Client | undefined): Client | undefined {
  return client?.type === 'confidential' && client.approvedAt !== undefined ? client : undefined;
}

function withoutSecrets(parameters: ReadonlyMap<string, string>): Record<string, string> {
  const stored = [...parameters].slice(0, maxParameters).map(([name, value]): [string, string] => {
    const text = nonSecretParameters.has(name) ? value.slice(0, maxRecordedCharacters) : `(${value.length} characters)`;
    return [replaceNul(name.slice(0, 100)), replaceNul(text)];
  });
  return Object.fromEntries(stored);
}

/** PostgreSQL text cannot contain NUL. */
function replaceNul(text: string): string {
  return text.replaceAll('\0', '\uFFFD');
}

function clientIdOf(request: WebRequest, parameters: ReadonlyMap<string, string>): string | undefined {
  const authorization = header(request, 'authorization');
  const named = parameters.get('client_id') ?? (authorization && parseBasicCredentials(authorization)?.clientId);
  return named === undefined || named === '' ? undefined : replaceNul(named);
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
    clientAuthenticated: Boolean(row.client_authenticated),
    administratorId: row.administrator_id ?? undefined,
    address: row.address,
    parameters: JSON.parse(row.parameters) as Record<string, string>,
  };
}
