import type { PageContext } from '../../web/page-context.js';
import type { User } from '../user.js';
import type { Session } from './session.js';

/** A browser's request to a page: browser, session, user. */
export interface RequestContext extends PageContext {
  /** The session of this browser, even if partial. */
  readonly session: Session | undefined;
  /** True if a role of the user requires a second factor and the session has none. */
  readonly secondFactorMissing: boolean;
  /** The user, if fully signed in, with every required factor, and enabled. */
  readonly user: User | undefined;
}

/** The request context of a signed-in user. */
export type UserRequestContext = RequestContext & { readonly user: User; readonly session: Session };
