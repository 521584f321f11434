import type { EpochSeconds } from '@gatehouse/domain/kernel';
import type { SetCookie } from '@gatehouse/platform/http/reply';
import type { WebRequest } from '@gatehouse/platform/http/request';
import type { Session } from './session.js';
import type { User } from '../user.js';

/** A person's request to one of our pages: which browser, which session, who. */
export interface RequestContext {
  readonly request: WebRequest;
  /** This page at the issuer, where it was opened by another loopback name and is shown all the same. */
  readonly rightAddress: string | undefined;
  readonly now: EpochSeconds;
  readonly address: string;
  /** The address, or its /64 for IPv6: what rates are counted by. */
  readonly addressKey: string;
  readonly requestId: string;
  readonly browser: { readonly id: string; readonly hash: Buffer };
  /** Of this browser; partial ones included. */
  readonly session: Session | undefined;
  /** True when a role of the person demands a second factor and this session was begun without. */
  readonly secondFactorOwed: boolean;
  /** Who is logged in fully, owes nothing, and is not switched off. */
  readonly user: User | undefined;
  /** What the check-session frame compares; undefined where the browser has none, and on http. */
  readonly browserState: string | undefined;
  /** Cookies that the answer must set (a first visit's browser cookie, a new browser state). */
  readonly cookies: readonly SetCookie[];
}

/** A context of somebody who is logged in. */
export type UserRequestContext = RequestContext & { readonly user: User; readonly session: Session };
