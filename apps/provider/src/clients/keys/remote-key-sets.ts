import { Inject, Injectable } from '@nestjs/common';
import { mostKeySetCharacters, readKeySet, type PublicKey } from '@gatehouse/domain/jose';
import { addSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';
import { Outbound } from '@gatehouse/server/outbound/guarded-fetch';
import { Log } from '@gatehouse/server/telemetry/log';
import { freshSeconds } from '../freshness.js';

/** Past it the set that was fetched longest ago goes. */
const mostSets = 1000;
/** How long keys go on after they are stale where their host does not answer. */
const mostStaleSeconds = 24 * 3600;
/** Of one address: what strangers can make us fetch, by naming keys that do not exist, stays within this. */
const fetchWindow = { seconds: 60, most: 5 };
/** Of all addresses together: many clients that register themselves must not make us a means of attack. */
const mostInWindow = 600;
const timeoutMilliseconds = 5000;

interface Held {
  readonly keys: readonly PublicKey[];
  readonly freshUntil: EpochSeconds;
}

interface Attempts {
  readonly since: EpochSeconds;
  count: number;
}

/** Clients' keys that lie at an address (`jwks_uri`): fetched by the guarded client, kept for as long as their host allows. */
@Injectable()
export class RemoteKeySets {
  private readonly held = new Map<string, Held>();
  private readonly attempts = new Map<string, Attempts>();
  private overall: Attempts | undefined;
  private readonly running = new Map<string, Promise<Held | undefined>>();

  constructor(
    @Inject(Outbound) private readonly outbound: Outbound,
    @Inject(Log) private readonly log: Log,
  ) {}

  /**
   * The keys at an address; none where they cannot be had.
   * @param mode `fresh`: what is kept did not have the key that was asked for, so it is fetched again, within bounds
   */
  async find(uri: string, mode: 'kept' | 'fresh', now: EpochSeconds): Promise<readonly PublicKey[]> {
    const held = this.held.get(uri);
    if (held && mode === 'kept' && held.freshUntil > now) return held.keys;
    const fetched = await this.fetch(uri, now);
    if (fetched) return fetched.keys;
    return held && addSeconds(held.freshUntil, mostStaleSeconds) > now ? held.keys : [];
  }

  /** Whoever asks while a fetch runs waits for that one. */
  private fetch(uri: string, now: EpochSeconds): Promise<Held | undefined> {
    const running = this.running.get(uri);
    if (running) return running;
    if (!this.mayFetch(uri, now)) return Promise.resolve(undefined);
    const fetched = this.load(uri, now).finally(() => this.running.delete(uri));
    this.running.set(uri, fetched);
    return fetched;
  }

  private mayFetch(uri: string, now: EpochSeconds): boolean {
    const attempts = this.attempts.get(uri);
    if (attempts && isRunning(attempts, now) && attempts.count >= fetchWindow.most) return false;
    if (!this.overall || !isRunning(this.overall, now)) this.overall = { since: now, count: 0 };
    if (this.overall.count >= mostInWindow) return false;
    this.overall.count += 1;
    if (attempts && isRunning(attempts, now)) attempts.count += 1;
    else {
      this.attempts.delete(uri);
      this.attempts.set(uri, { since: now, count: 1 });
      forgetOldest(this.attempts);
    }
    return true;
  }

  private async load(uri: string, now: EpochSeconds): Promise<Held | undefined> {
    try {
      const answer = await this.outbound.get(uri, {
        accept: 'application/jwk-set+json, application/json',
        maxBodyBytes: mostKeySetCharacters,
        timeoutMilliseconds,
      });
      const keys = readKeySet(JSON.parse(answer.body.toString('utf8')));
      if (!keys) throw new TypeError('the answer is no JWK set, or one with too many keys');
      const held = { keys, freshUntil: addSeconds(now, freshSeconds(answer)) };
      this.held.delete(uri);
      this.held.set(uri, held);
      forgetOldest(this.held);
      return held;
    } catch (error) {
      this.log.warn({ err: error, host: new URL(uri).host }, "a client's keys could not be fetched");
      return undefined;
    }
  }
}

function isRunning({ since }: Attempts, now: EpochSeconds): boolean {
  return addSeconds(since, fetchWindow.seconds) > now;
}

function forgetOldest(map: Map<string, unknown>): void {
  if (map.size <= mostSets) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
