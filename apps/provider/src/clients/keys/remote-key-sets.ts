import { Inject, Injectable } from '@nestjs/common';
import { maxKeySetCharacters, readKeySet, type PublicKey } from '@gatehouse/domain/jose';
import { addSeconds, type EpochSeconds } from '@gatehouse/domain/kernel';
import { RateBudget, SourceBudget } from '@gatehouse/platform/outbound/budgets';
import { Outbound } from '@gatehouse/platform/outbound/guarded-fetch';
import { Log } from '@gatehouse/platform/telemetry/log';
import { freshnessSeconds } from '../cache-lifetime.js';

/** Past it the set that was fetched longest ago goes. */
const maxSets = 1000;
/** How long keys go on after they are stale where their host does not answer. */
const maxStaleSeconds = 24 * 3600;
const windowSeconds = 60;
/** Of one address: what strangers can make us fetch, by naming keys that do not exist, stays within this. */
const maxOfAddress = 5;
/** Of all addresses together: many clients that register themselves must not make us a means of attack. */
const maxInWindow = 600;
/** More limits for the addresses that clients name which nobody approved. */
const unapprovedLimits = {
  seconds: windowSeconds,
  perSource: 30,
  perHost: 60,
  running: 60,
  runningPerSource: 6,
  runningPerHost: 12,
};
/** Where no request of a known address is answered (logout tokens, ID tokens), by the client. */
const unattributedLimits = { ...unapprovedLimits, running: 20, runningPerSource: 2, runningPerHost: 4 };
const timeoutMilliseconds = 5000;

interface Held {
  readonly keys: readonly PublicKey[];
  readonly freshUntil: EpochSeconds;
}

/** On whose limits keys are fetched: no more than the general ones where an administrator stands behind the address. */
export type KeyRequester =
  | { readonly trust: 'approved' }
  | { readonly trust: 'unapproved'; readonly addressKey: string }
  /** The request that needs the key is not known here. */
  | { readonly trust: 'unapproved'; readonly clientId: string };

interface Find {
  readonly mode: 'kept' | 'fresh';
  readonly asker: KeyRequester;
  readonly now: EpochSeconds;
}

/**
 * Clients' keys that lie at an address (`jwks_uri`): fetched by the guarded client, kept for as long as their host allows.
 * Clients that nobody approved have a store and limits of their own, also where they name the address of an approved one.
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
   * The keys at an address; none where they cannot be had.
   * @param options.mode `fresh`: what is kept did not have the key that was asked for, so it is fetched again, within bounds
   */
  find(uri: string, options: Find): Promise<readonly PublicKey[]> {
    return this.stores[options.asker.trust].find(uri, options);
  }
}

/** By the address that asks first: an attacker can register any number of addresses and clients. */
class UnapprovedBudget {
  private readonly attributed = new SourceBudget(unapprovedLimits);
  private readonly unattributed = new SourceBudget(unattributedLimits);

  enter(asker: KeyRequester, host: string, now: EpochSeconds): (() => void) | undefined {
    if ('addressKey' in asker) return this.attributed.enter(asker.addressKey, host, now);
    if ('clientId' in asker) return this.unattributed.enter(asker.clientId, host, now);
    return () => undefined;
  }
}

class KeySetStore {
  private readonly held = new Map<string, Held>();
  private readonly byAddress = new RateBudget({ most: maxOfAddress, seconds: windowSeconds });
  private readonly overall = new RateBudget({ most: maxInWindow, seconds: windowSeconds });
  private readonly running = new Map<string, Promise<Held | undefined>>();

  constructor(
    private readonly outbound: Outbound,
    private readonly log: Log,
    private readonly more?: UnapprovedBudget,
  ) {}

  async find(uri: string, { mode, asker, now }: Find): Promise<readonly PublicKey[]> {
    const held = this.held.get(uri);
    if (held && mode === 'kept' && held.freshUntil > now) return held.keys;
    const fetched = await this.fetch(uri, asker, now);
    if (fetched) return fetched.keys;
    return held && addSeconds(held.freshUntil, maxStaleSeconds) > now ? held.keys : [];
  }

  /** Requests that come while a fetch of the same address runs wait for that one. */
  private fetch(uri: string, asker: KeyRequester, now: EpochSeconds): Promise<Held | undefined> {
    const running = this.running.get(uri);
    if (running) return running;
    const leave = this.enter(uri, asker, now);
    if (!leave) return Promise.resolve(undefined);
    const fetched = this.load(uri, now).finally(() => {
      leave();
      this.running.delete(uri);
    });
    this.running.set(uri, fetched);
    return fetched;
  }

  private enter(uri: string, asker: KeyRequester, now: EpochSeconds): (() => void) | undefined {
    // First the limits of the asker: what it may not ask for is not counted for the address.
    const leave = this.more ? this.more.enter(asker, new URL(uri).host, now) : () => undefined;
    if (leave && this.byAddress.take(uri, now) && this.overall.take('all', now)) return leave;
    leave?.();
    return undefined;
  }

  private async load(uri: string, now: EpochSeconds): Promise<Held | undefined> {
    try {
      const answer = await this.outbound.get(uri, {
        accept: 'application/jwk-set+json, application/json',
        maxBodyBytes: maxKeySetCharacters,
        timeoutMilliseconds,
      });
      const keys = readKeySet(JSON.parse(answer.body.toString('utf8')));
      if (!keys) throw new TypeError('the answer is no JWK set, or one with too many keys');
      const held = { keys, freshUntil: addSeconds(now, freshnessSeconds(answer)) };
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

function forgetOldest(map: Map<string, unknown>): void {
  if (map.size <= maxSets) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
