import type { EpochSeconds } from '../kernel/index.js';

/** When a signing key of this server is used. */
export interface KeyTimes {
  readonly createdAt: EpochSeconds;
  readonly signsFrom: EpochSeconds;
  /** Undefined while it has no successor. */
  readonly retiredAt: EpochSeconds | undefined;
}

/**
 * The current signing key among keys of one algorithm: the latest with `signsFrom` in the past. If there is none, because the
 * clock was set back, the earliest: a server that has keys can always sign.
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
 * The key that was added last, among keys of one algorithm. Each key retires its predecessors no later than itself, whatever
 * the clock was; the creation time does not give the order.
 */
export function latestKey<K extends KeyTimes>(keys: readonly K[]): K | undefined {
  return keys.reduce<K | undefined>((last, key) => (last && isLater(last, key) ? last : key), undefined);
}

/**
 * Whether a successor must be created, so that it is published long enough before the signing period of the current key ends.
 * @param options.signSeconds signing period of a key; @param options.prepublishSeconds how long it is published before
 */
export function needsSuccessor(
  keys: readonly KeyTimes[],
  { signSeconds, prepublishSeconds }: { readonly signSeconds: number; readonly prepublishSeconds: number },
  now: EpochSeconds,
): boolean {
  const latest = latestKey(keys);
  // A key whose signing period begins later than that of a new key was created while the clock was ahead: it would be too late.
  const next = latest !== undefined && latest.signsFrom <= now + prepublishSeconds ? latest : currentKey(keys, now);
  return next !== undefined && next.signsFrom + signSeconds - prepublishSeconds <= now;
}

/** Everything that it signed has expired: it is no longer published. */
export function isRetired(key: KeyTimes, now: EpochSeconds): boolean {
  return key.retiredAt !== undefined && key.retiredAt <= now;
}

function isLater(key: KeyTimes, other: KeyTimes): boolean {
  const [end, otherEnd] = [key.retiredAt ?? Infinity, other.retiredAt ?? Infinity];
  return end === otherEnd ? key.createdAt > other.createdAt : end > otherEnd;
}
