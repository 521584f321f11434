import { Inject, Injectable } from '@nestjs/common';
import { maxKeySetCharacters, readKeySet, type PublicKey } from '@gatehouse/domain/jose';
import { addSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';
import { RateBudget, SourceBudget } from '@gatehouse/platform/outbound/budgets';
import { Outbound } from '@gatehouse/platform/outbound/guarded-fetch';
import { Log } from '@gatehouse/platform/telemetry/log';
import { freshnessSeconds } from '../cache-lifetime.js';

/** The set that was fetched longest ago is evicted. */
const maxSets = 1000;
/** How long stale keys are used when they cannot be fetched again. */
const maxStaleSeconds = 24 * 3600;
const windowSeconds = 60;
/** Fetches of one URL per window: anyone can cause one by naming a key that does not exist. */
const maxPerUri = 5;
/** Fetches of all URLs per window: many registered clients must not turn this server into a means of attack. */
const maxInWindow = 600;
/** Additional limits for the URLs of unapproved clients. */
const unapprovedLimits = {
  seconds: windowSeconds,
  perSource: 30,
  perHost: 60,
  running: 60,
  runningPerSource: 6,
  runningPerHost: 12,
};
/** Limits per client, when no request with a known address needs the key (logout tokens, ID tokens). */
const unattributedLimits = { ...unapprovedLimits, running: 20, runningPerSource: 2, runningPerHost: 4 };
const timeoutMilliseconds = 5000;

interface CachedKeySet {
  readonly keys: readonly PublicKey[];
  readonly freshUntil: EpochSeconds;
}

/** Whose limits apply to a fetch: only the general ones for a URL of an approved client. */
export type KeyRequester =
  | { readonly trust: 'approved' }
  | { readonly trust: 'unapproved'; readonly addressKey: string }
  /** The request that needs the key is unknown. */
  | { readonly trust: 'unapproved'; readonly clientId: string };

interface FindOptions {
  readonly mode: 'cached' | 'fresh';
  readonly requester: KeyRequester;
  readonly now: EpochSeconds;
}

/**
 * Clients' keys that are registered by URL (`jwks_uri`): fetched by the guarded HTTP client, and cached as long as their
 * host allows. Unapproved clients have a separate cache and limits, also for the URL of an approved client.
 */
@Injectable()
export class RemoteKeySets {
  private readonly stores: Readonly<Record<KeyRequester['trust'], KeySetStore>>;

  constructor(@Inject(Outbound) outbound: Outbound, @Inject(Log) log: Log) {
    this.stores = {
      approved: new KeySetStore(outbound, log),
      unapproved: new KeySetStore(outbound, log, new UnapprovedBudget()),
    };
  }

  /**
   * The keys at a URL; none when they cannot be fetched.
   * @param options.mode `fresh`: fetch again, within the limits, because the cached set does not have the key
   */
  find(uri: string, options: FindOptions): Promise<readonly PublicKey[]> {
    return this.stores[options.requester.trust].find(uri, options);
  }
}

/** By the address of the requester where known: an attacker can register any number of URLs and clients. */
class UnapprovedBudget {
  private readonly attributed = new SourceBudget(unapprovedLimits);
  private readonly unattributed = new SourceBudget(unattributedLimits);

  enter(requester: KeyRequester, host: string, now: EpochSeconds): (() => void) | undefined {
    if ('addressKey' in requester) return this.attributed.enter(requester.addressKey, host, now);
    if ('clientId' in requester) return this.unattributed.enter(requester.clientId, host, now);
    return () => undefined;
  }
}

class KeySetStore {
  private readonly cache = new Map<string, CachedKeySet>();
  private readonly byUri = new RateBudget({ limit: maxPerUri, seconds: windowSeconds });
  private readonly overall = new RateBudget({ limit: maxInWindow, seconds: windowSeconds });
  private readonly running = new Map<string, Promise<CachedKeySet | undefined>>();

  constructor(
    private readonly outbound: Outbound,
    private readonly log: Log,
    private readonly unapprovedBudget?: UnapprovedBudget,
  ) {}

  async find(uri: string, { mode, requester, now }: FindOptions): Promise<readonly PublicKey[]> {
    const cached = this.cache.get(uri);
    if (cached && mode === 'cached' && cached.freshUntil > now) return cached.keys;
    const fetched = await this.fetch(uri, requester, now);
    if (fetched) return fetched.keys;
    return cached && addSeconds(cached.freshUntil, maxStaleSeconds) > now ? cached.keys : [];
  }

  /** Concurrent requests for the same URL share one fetch. */
  private fetch(uri: string, requester: KeyRequester, now: EpochSeconds): Promise<CachedKeySet | undefined> {
    const running = this.running.get(uri);
    if (running) return running;
    const leave = this.enter(uri, requester, now);
    if (!leave) return Promise.resolve(undefined);
    const fetched = this.load(uri, now).finally(() => {
      leave();
      this.running.delete(uri);
    });
    this.running.set(uri, fetched);
    return fetched;
  }

  private enter(uri: string, requester: KeyRequester, now: EpochSeconds): (() => void) | undefined {
    // The requester's limits come first: a fetch that they reject does not count against the URL.
    const leave = this.unapprovedBudget
      ? this.unapprovedBudget.enter(requester, new URL(uri).host, now)
      : () => undefined;
    if (leave && this.byUri.take(uri, now) && this.overall.take('all', now)) return leave;
    leave?.();
    return undefined;
  }

  private async load(uri: string, now: EpochSeconds): Promise<CachedKeySet | undefined> {
    try {
      const response = await this.outbound.get(uri, {
        accept: 'application/jwk-set+json, application/json',
        maxBodyBytes: maxKeySetCharacters,
        timeoutMilliseconds,
      });
      const keys = readKeySet(JSON.parse(response.body.toString('utf8')));
      if (!keys) throw new TypeError('the response is not a JWK set, or has too many keys');
      const fetched = { keys, freshUntil: addSeconds(now, freshnessSeconds(response)) };
      this.cache.delete(uri);
      this.cache.set(uri, fetched);
      evictOldest(this.cache);
      return fetched;
    } catch (error) {
      this.log.warn({ err: error, host: new URL(uri).host }, "a client's keys could not be fetched");
      return undefined;
    }
  }
}

function evictOldest(map: Map<string, unknown>): void {
  if (map.size <= maxSets) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
