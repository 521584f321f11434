import { ServerBusy } from '@gatehouse/platform/http/failure';
import { PageError } from '../../web/page-error.js';

/** An estimate began and did not end in time. Its work was done, so that the attempt stays counted. */
export class EstimateTimedOut extends ServerBusy {}

/**
 * True where the queue of estimates, or of hashes, refused a request. An estimate may have been made before the queue of hashes
 * refused it: its cost is bounded by the places of the account in the first queue.
 */
function isRefusedUnseen(error: unknown): boolean {
  if (error instanceof PageError) return error.id === 'passwords.too_many';
  return error instanceof ServerBusy && !(error instanceof EstimateTimedOut);
}

/**
 * Runs what was counted before: a password that the server was too busy for is no attempt.
 * @param uncount takes the count back where the queue refused it
 */
export async function uncountIfBusy<T>(task: () => Promise<T>, uncount: () => Promise<unknown>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (isRefusedUnseen(error)) await uncount();
    throw error;
  }
}
