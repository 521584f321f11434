import { addressKey, networkKey } from '@gatehouse/platform/http/request';
import type { QueueSource } from '../throttling/fair-queue.js';

interface Origin {
  readonly address: string;
}

/** A source of which only the network address is known. */
export function anonymousSource({ address }: Origin): QueueSource {
  return { key: addressKey(address), network: networkKey(address), isIdentified: false };
}

/**
 * A source that is signed in to this account, has its one-time link, or uses a browser that is known for the account.
 */
export function accountSource({ address }: Origin, userId: string): QueueSource {
  return { key: `account ${userId}`, network: networkKey(address), isIdentified: true };
}

/** @param selector of a usable invitation */
export function invitationSource({ address }: Origin, selector: number): QueueSource {
  return { key: `invitation ${selector}`, network: networkKey(address), isIdentified: true };
}
