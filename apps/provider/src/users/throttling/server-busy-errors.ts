import { ServerBusy } from '@gatehouse/platform/http/failure';
import { PageError } from '../../web/page-error.js';

/** An estimate started and did not finish in time. Its work was done, so the attempt stays counted. */
export class EstimateTimedOut extends ServerBusy {}

/**
 * True if the queue of estimates or of hashes rejected the request. An estimate may have run before the queue of hashes
 * rejected it: the account's places in the first queue bound that cost.
 */
function wasRejectedByQueue(error: unknown): boolean {
  if (error instanceof PageError) return error.id === 'passwords.too_many';
  return error instanceof ServerBusy && !(error instanceof EstimateTimedOut);
}

/**
 * Runs a task that was counted before: if the server is too busy, it is not an attempt.
 * @param uncount undoes the count if a queue rejected the task
 */
export async function revertCountIfBusy<T>(task: () => Promise<T>, uncount: () => Promise<unknown>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (wasRejectedByQueue(error)) await uncount();
    throw error;
  }
}
