import type { EpochSeconds } from '@gatehouse/domain/kernel';
import type { SetCookie } from '@gatehouse/platform/http/reply';
import type { WebRequest } from '@gatehouse/platform/http/request';
import type { Session } from './session.js';
import type { User } from '../user.js';

/** A browser's request to a page: browser, session, user. */
export interface RequestContext {
  readonly request: WebRequest;
  /** The URL of this page at the issuer, if it was opened by another loopback name and is shown anyway. */
  readonly rightAddress: string | undefined;
  readonly now: EpochSeconds;
  readonly address: string;
  /** The address, or its /64 for IPv6: the key for rate limits. */
  readonly addressKey: string;
  readonly requestId: string;
  readonly browser: { readonly id: string; readonly hash: Buffer };
  /** The session of this browser, even if partial. */
  readonly session: Session | undefined;
  /** True if a role of the user requires a second factor and the session has none. */
  readonly secondFactorOwed: boolean;
  /** The user, if fully signed in, with every required factor, and enabled. */
  readonly user: User | undefined;
  /** The value that the check-session frame compares; undefined if the browser has none, and on http. */
  readonly browserState: string | undefined;
  /** Cookies that the response must set (the browser cookie of a first request, a new browser state). */
  readonly cookies: readonly SetCookie[];
}

/** The request context of a signed-in user. */
export type UserRequestContext = RequestContext & { readonly user: User; readonly session: Session };
