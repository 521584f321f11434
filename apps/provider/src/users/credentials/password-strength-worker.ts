import { parentPort } from 'node:worker_threads';
import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { adjacencyGraphs, dictionary as common } from '@zxcvbn-ts/language-common';
import { dictionary as english } from '@zxcvbn-ts/language-en';
import type { StrengthResponse, StrengthRequest } from './password-strength.js';

/**
 * The thread that estimates how many guesses a password takes, for PasswordStrength: it holds the dictionaries, and its
 * work is synchronous.
 */

const estimator = new ZxcvbnFactory({
  dictionary: { ...common, ...english },
  graphs: adjacencyGraphs,
  // With the default of 100 substitutions like 4 for a, forty characters can take more than a second.
  l33tMaxSubstitutions: 20,
});

function answer(message: StrengthResponse): void {
  parentPort?.postMessage(message);
}

parentPort?.on('message', ({ id, password, words }: StrengthRequest) =>
  answer({ id, guesses: estimator.check(password, [...words]).guesses }),
);
answer('ready');
