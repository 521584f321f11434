import type { Reply } from '@gatehouse/platform/http/reply';
import { text, type Message } from '../../i18n/message.js';
import type { RequestContext } from '../../users/sessions/request-context.js';
import type { RequestContexts } from '../../users/sessions/request-contexts.service.js';

export interface LogoutDone {
  /** False: there was no session to end. */
  readonly wasLoggedIn: boolean;
  readonly clientName?: string | undefined;
  /** Where the user can continue; the page redirects there once the frames have loaded. */
  readonly backHref?: string | undefined;
  /** URLs that notify clients of the logout (Front-Channel Logout 1.0, 3). */
  readonly frames?: readonly string[];
  /** Why there is no link back to the application that requested the logout. */
  readonly error?: Message | undefined;
  /** The languages that the client requested (`ui_locales`). */
  readonly languages?: readonly string[] | undefined;
}

/** The page after a logout. It may only frame the clients that it notifies. */
export function donePage(
  contexts: RequestContexts,
  context: RequestContext,
  { languages, ...done }: LogoutDone,
): Reply {
  const frames = done.frames ?? [];
  return contexts.page(
    { ...context, session: undefined, user: undefined },
    'logout/done',
    { ...done, heading: text(done.wasLoggedIn ? 'logout.doneHeading' : 'logout.nobody'), frames },
    {
      cookies: contexts.noSessionCookies(),
      languages,
      frameOrigins: [...new Set(frames.map((address) => new URL(address).origin))],
    },
  );
}
