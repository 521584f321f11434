'use strict';

const { default: Sequencer } = require('@jest/test-sequencer');

/** Browsers, other processes and databases: for about half of their time these suites wait. */
const waiting = /\.(e2e|store)-spec\.ts$/;

/** Seconds, where no previous run on this machine has measured the suite. */
const estimates = [
  [waiting, 30],
  [/-spec\.ts$/, 9],
];

/**
 * Orders suites so that those which mostly wait run beside those which mostly compute, and the long ones come first. All
 * suites that wait in a row would leave processors idle, and all that compute in a row would slow one another down.
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
