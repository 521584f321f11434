'use strict';

const { default: Sequencer } = require('@jest/test-sequencer');

/** Suites that use browsers, other processes and databases spend about half of their time waiting. */
const waiting = /\.(e2e|store)-spec\.ts$/;

/** Seconds, used until a run on this machine has measured the suite. */
const estimates = [
  [waiting, 30],
  [/-spec\.ts$/, 9],
];

/**
 * Orders suites so that suites that mostly wait run next to suites that mostly compute, and long suites run first. Otherwise
 * waiting suites in a row leave processors idle, and computing suites in a row slow each other down.
 */
class InterleavingSequencer extends Sequencer {
  sort(tests) {
    const sorted = super.sort([...tests]);
    const queues = [true, false].map((waits) => sorted.filter(({ path }) => waiting.test(path) === waits));
    const shares = queues.map((queue) => queue.reduce((sum, test) => sum + secondsOf(test), 0));
    const done = [0, 0];
    return sorted.map(() => {
      const [first, second] = queues;
      const lags = done[0] * shares[1] <= done[1] * shares[0] ? 0 : 1;
      const from = first.length === 0 ? 1 : second.length === 0 ? 0 : lags;
      const test = queues[from].shift();
      done[from] += secondsOf(test);
      return test;
    });
  }
}

function secondsOf({ path, duration }) {
  if (duration !== undefined) return duration / 1000;
  return estimates.find(([pattern]) => pattern.test(path))?.[1] ?? 0.5;
}

module.exports = InterleavingSequencer;
