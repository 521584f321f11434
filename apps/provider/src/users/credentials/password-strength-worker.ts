import { parentPort } from 'node:worker_threads';
import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { adjacencyGraphs, dictionary as common } from '@zxcvbn-ts/language-common';
import { dictionary as english } from '@zxcvbn-ts/language-en';
import type { StrengthResponse, StrengthRequest } from './password-strength.js';

/** The worker thread of PasswordStrength. It loads the dictionaries, and estimates synchronously. */

const estimator = new ZxcvbnFactory({
  dictionary: { ...common, ...english },
  graphs: adjacencyGraphs,
  // With the default of 100 substitutions (such as 4 for a), forty characters can take more than a second.
  l33tMaxSubstitutions: 20,
});

function respond(message: StrengthResponse): void {
  parentPort?.postMessage(message);
}

parentPort?.on('message', ({ id, password, words }: StrengthRequest) =>
  respond({ id, guesses: estimator.check(password, [...words]).guesses }),
);
respond('ready');
