import { ServerBusy } from '@gatehouse/server/web/failure';
import { PageError } from '../http/page-error.js';

/** An estimate began and did not end in time. Its work was done, so that the attempt stays counted. */
export class EstimateTimedOut extends ServerBusy {}

/** True where a request was refused before any work was done for it. */
function isRefusedUnseen(error: unknown): boolean {
  if (error instanceof PageError) return error.id === 'passwords.too_many';
  return error instanceof ServerBusy && !(error instanceof EstimateTimedOut);
}

/**
 * Runs what was counted before: a server that is too busy to look at a password has seen no attempt.
 * @param giveBack takes the count back where the queue refused it
 */
export async function givingBackIfBusy<T>(task: () => Promise<T>, giveBack: () => Promise<unknown>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    if (isRefusedUnseen(error)) await giveBack();
    throw error;
  }
}
