import type { EpochSeconds } from '@gatehouse/domain/kernel';
import type { SetCookie } from '@gatehouse/platform/http/reply';
import type { WebRequest } from '@gatehouse/platform/http/request';

/**
 * A browser's request to a page, without whom it comes from: what low modules may know of it. `users/sessions` adds the
 * session and the user (`RequestContext`).
 */
export interface PageContext {
  readonly request: WebRequest;
  /** The URL of this page at the issuer, if it was opened by another loopback name and is shown anyway. */
  readonly rightAddress: string | undefined;
  readonly now: EpochSeconds;
  readonly address: string;
  /** The address, or its /64 for IPv6: the key for rate limits. */
  readonly addressKey: string;
  readonly requestId: string;
  readonly browser: { readonly id: string; readonly hash: Buffer };
  /** The value that the check-session frame compares; undefined if the browser has none, and on http. */
  readonly browserState: string | undefined;
  /** Cookies that the response must set (the browser cookie of a first request, a new browser state). */
  readonly cookies: readonly SetCookie[];
}
