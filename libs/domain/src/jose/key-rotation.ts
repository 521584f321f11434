import type { EpochSeconds } from '../kernel/index.js';

/** When a key pair of ours is used. */
export interface KeyTimes {
  readonly createdAt: EpochSeconds;
  readonly signsFrom: EpochSeconds;
  /** Undefined while no newer key follows it. */
  readonly retiredAt: EpochSeconds | undefined;
}

/**
 * The key to sign with, among keys of one kind: the latest whose time has come. Where the time of none has come, because the
 * clock was set back since they were made, the one whose time comes first: a server that has keys can always sign.
 */
export function currentKey<K extends KeyTimes>(keys: readonly K[], now: EpochSeconds): K | undefined {
  const published = keys.filter((key) => !isRetired(key, now));
  return (
    latestKey(published.filter((key) => key.signsFrom <= now)) ??
    published.reduce<K | undefined>(
      (first, key) => (first && first.signsFrom <= key.signsFrom ? first : key),
      undefined,
    )
  );
}

/**
 * The key that was added last, among keys of one kind. Each key sets an end to those before it that is no later than its
 * own, whatever the clock said in between: times of creation are no order.
 */
export function latestKey<K extends KeyTimes>(keys: readonly K[]): K | undefined {
  return keys.reduce<K | undefined>((last, key) => (last && isLater(last, key) ? last : key), undefined);
}

/**
 * Whether a successor has to be made, so that it is published long enough before the key that signs has signed long enough.
 * @param options.signSeconds for how long a key signs; @param options.prepublishSeconds for how long it is published before
 */
export function needsSuccessor(
  keys: readonly KeyTimes[],
  { signSeconds, prepublishSeconds }: { readonly signSeconds: number; readonly prepublishSeconds: number },
  now: EpochSeconds,
): boolean {
  const latest = latestKey(keys);
  // One that signs later than any made now was made by a clock that was ahead: it does not take over in time.
  const next = latest !== undefined && latest.signsFrom <= now + prepublishSeconds ? latest : currentKey(keys, now);
  return next !== undefined && next.signsFrom + signSeconds - prepublishSeconds <= now;
}

/** Nothing that it signed is alive: it is no longer published. */
export function isRetired(key: KeyTimes, now: EpochSeconds): boolean {
  return key.retiredAt !== undefined && key.retiredAt <= now;
}

function isLater(key: KeyTimes, other: KeyTimes): boolean {
  const [end, otherEnd] = [key.retiredAt ?? Infinity, other.retiredAt ?? Infinity];
  return end === otherEnd ? key.createdAt > other.createdAt : end > otherEnd;
}
