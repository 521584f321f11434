import { Inject, Injectable } from '@nestjs/common';
import { addSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';
import { OAuthError } from '@gatehouse/domain/oauth';
import { mediaTypeOf, Outbound } from '@gatehouse/server/outbound/guarded-fetch';
import { Log } from '@gatehouse/server/telemetry/log';
import { freshSeconds } from '../freshness.js';

/** The draft advises five; a JWK set may be in it. */
const mostBodyBytes = 32 * 1024;
const timeoutMilliseconds = 5000;
/** Of one host: what strangers can make us fetch by naming addresses that do not exist stays within this. */
const perHost = { seconds: 60, most: 30 };
/** At once, of all hosts. */
const mostRunning = 20;
const mostHosts = 10_000;
/** A document that could not be had, or was wrong, is not asked for again so soon. */
const failedSeconds = 30;
const mostFailed = 10_000;

/** A client's metadata document, as it came. */
export interface FetchedDocument {
  readonly json: Readonly<Record<string, unknown>>;
  readonly freshUntil: EpochSeconds;
}

/** Fetches clients' metadata documents by the guarded client, within bounds. */
@Injectable()
export class DocumentFetches {
  private running = 0;
  private readonly attempts = new Map<string, { readonly since: EpochSeconds; count: number }>();
  private readonly failed = new Map<string, { readonly until: EpochSeconds; readonly error: OAuthError }>();

  constructor(
    @Inject(Outbound) private readonly outbound: Outbound,
    @Inject(Log) private readonly log: Log,
  ) {}

  /**
   * @throws OAuthError invalid_client; temporarily_unavailable past a bound
   */
  fetch(clientId: string, now: EpochSeconds): Promise<FetchedDocument> {
    const failed = this.failed.get(clientId);
    if (failed && failed.until > now) return Promise.reject(failed.error);
    if (this.running >= mostRunning || !this.mayFetch(new URL(clientId).host, now))
      return Promise.reject(
        new OAuthError(
          'temporarily_unavailable',
          'Too many client metadata documents are asked for. Try again later.',
          {
            reason: 'client_document.rate',
            status: 429,
            retryAfterSeconds: perHost.seconds,
          },
        ),
      );
    this.running++;
    return this.load(clientId, now)
      .catch((error: unknown) => {
        if (error instanceof OAuthError) this.refuse(clientId, error, now);
        throw error;
      })
      .finally(() => this.running--);
  }

  /** Remembers for a while that this document is no good. */
  refuse(clientId: string, error: OAuthError, now: EpochSeconds): void {
    this.failed.delete(clientId);
    this.failed.set(clientId, { until: addSeconds(now, failedSeconds), error });
    forgetOldest(this.failed, mostFailed);
  }

  private async load(clientId: string, now: EpochSeconds): Promise<FetchedDocument> {
    try {
      const answer = await this.outbound.get(clientId, {
        accept: 'application/json',
        maxBodyBytes: mostBodyBytes,
        timeoutMilliseconds,
      });
      const mediaType = mediaTypeOf(answer);
      if (mediaType !== 'application/json' && !mediaType.endsWith('+json')) throw new TypeError('it is no JSON');
      const json: unknown = JSON.parse(answer.body.toString('utf8'));
      if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new TypeError('it is no JSON object');
      return {
        json: json as Readonly<Record<string, unknown>>,
        freshUntil: addSeconds(now, freshSeconds(answer)),
      };
    } catch (cause) {
      this.log.warn({ err: cause, host: new URL(clientId).host }, "a client's metadata document could not be read");
      // One sentence for every failure: what lies in our network is nobody's to find out.
      throw new OAuthError('invalid_client', "The client's metadata document could not be read.", {
        cause,
        reason: 'client_document.unreadable',
      });
    }
  }

  private mayFetch(host: string, now: EpochSeconds): boolean {
    const attempts = this.attempts.get(host);
    if (attempts && addSeconds(attempts.since, perHost.seconds) > now) return ++attempts.count <= perHost.most;
    this.attempts.delete(host);
    this.attempts.set(host, { since: now, count: 1 });
    forgetOldest(this.attempts, mostHosts);
    return true;
  }
}

function forgetOldest(map: Map<string, unknown>, most: number): void {
  if (map.size <= most) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
