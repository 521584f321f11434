import { Inject, Injectable } from '@nestjs/common';
import { addSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';
import { OAuthError } from '@gatehouse/domain/oauth';
import { ConcurrencyBudget, SourceBudget } from '@gatehouse/platform/outbound/budgets';
import { mediaTypeOf, Outbound } from '@gatehouse/platform/outbound/guarded-fetch';
import { Log } from '@gatehouse/platform/telemetry/log';
import { freshnessSeconds } from '../cache-lifetime.js';

/** The draft recommends 5 kB; a document may contain a JWK set. */
const maxBodyBytes = 32 * 1024;
const timeoutMilliseconds = 5000;
/** Documents that are not stored yet: any unauthenticated request can cause a fetch. */
const unknownLimits = {
  seconds: 60,
  perSource: 30,
  perHost: 60,
  running: 60,
  runningPerSource: 6,
  runningPerHost: 12,
};
/** Documents of clients that are stored, separate from unknown ones: any unauthenticated request can store a client. */
const knownLimits = { ...unknownLimits, perHost: 120 };
const approvedLimits = { limit: 20, maxPerKey: 4 };
/** How long a failed or invalid document is not fetched again. */
const failureCacheSeconds = 30;
const maxFailures = 10_000;

/** A client's metadata document, not validated. */
export interface FetchedDocument {
  readonly json: Readonly<Record<string, unknown>>;
  readonly freshUntil: EpochSeconds;
}

/** Which budget a fetch counts against. */
export interface DocumentLookup {
  readonly kind: 'unknown' | 'known' | 'approved';
  readonly addressKey: string;
}

/** Fetches clients' metadata documents with the guarded HTTP client, within limits. */
@Injectable()
export class DocumentFetches {
  private readonly unknown = new SourceBudget(unknownLimits);
  private readonly known = new SourceBudget(knownLimits);
  private readonly runningApproved = new ConcurrencyBudget(approvedLimits);
  private readonly failed = new Map<string, { readonly until: EpochSeconds; readonly error: OAuthError }>();

  constructor(
    @Inject(Outbound) private readonly outbound: Outbound,
    @Inject(Log) private readonly log: Log,
  ) {}

  /**
   * @throws OAuthError invalid_client (`client_document.unreadable`), or the error of {@link recordFailure};
   *   temporarily_unavailable (`client_document.rate`) over a limit
   */
  async fetch(clientId: string, lookup: DocumentLookup, now: EpochSeconds): Promise<FetchedDocument> {
    const failed = this.failed.get(clientId);
    if (failed && failed.until > now) throw failed.error;
    const leave = this.enter(new URL(clientId).host, lookup, now);
    if (!leave) throw tooManyLookups();
    try {
      return await this.load(clientId, now);
    } catch (error) {
      if (error instanceof OAuthError) this.recordFailure(clientId, error, now);
      throw error;
    } finally {
      leave();
    }
  }

  /** Remembers for a short time that this document failed. */
  recordFailure(clientId: string, error: OAuthError, now: EpochSeconds): void {
    this.failed.delete(clientId);
    this.failed.set(clientId, { until: addSeconds(now, failureCacheSeconds), error });
    evictOldest(this.failed, maxFailures);
  }

  private async load(clientId: string, now: EpochSeconds): Promise<FetchedDocument> {
    try {
      const response = await this.outbound.get(clientId, {
        accept: 'application/json',
        maxBodyBytes,
        timeoutMilliseconds,
      });
      const mediaType = mediaTypeOf(response);
      if (mediaType !== 'application/json' && !mediaType.endsWith('+json'))
        throw new TypeError('the response is not JSON');
      const json: unknown = JSON.parse(response.body.toString('utf8'));
      if (typeof json !== 'object' || json === null || Array.isArray(json))
        throw new TypeError('the response is not a JSON object');
      return {
        json: json as Readonly<Record<string, unknown>>,
        freshUntil: addSeconds(now, freshnessSeconds(response)),
      };
    } catch (cause) {
      this.log.warn({ err: cause, host: new URL(clientId).host }, "a client's metadata document could not be read");
      // The same message for every failure, so that it reveals nothing about the internal network.
      throw new OAuthError('invalid_client', "The client's metadata document could not be read.", {
        cause,
        reason: 'client_document.unreadable',
      });
    }
  }

  /** Reserves capacity within every limit that applies to this lookup. @returns a function that releases it */
  private enter(host: string, lookup: DocumentLookup, now: EpochSeconds): (() => void) | undefined {
    if (lookup.kind === 'approved') return this.runningApproved.enter(host);
    return this[lookup.kind].enter(lookup.addressKey, host, now);
  }
}

function tooManyLookups(): OAuthError {
  return new OAuthError(
    'temporarily_unavailable',
    'Too many client metadata documents are asked for. Try again later.',
    {
      reason: 'client_document.rate',
      status: 429,
      retryAfterSeconds: unknownLimits.seconds,
    },
  );
}

function evictOldest(map: Map<string, unknown>, maxSize: number): void {
  if (map.size <= maxSize) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
