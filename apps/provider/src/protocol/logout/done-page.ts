import type { Reply } from '@gatehouse/platform/http/reply';
import type { Message } from '../../i18n/message.js';
import type { RequestContext } from '../../users/sessions/request-context.js';
import type { RequestContexts } from '../../users/sessions/request-contexts.service.js';

export interface Done {
  /** False: nobody was, and nothing ended. */
  readonly wasLoggedIn: boolean;
  readonly clientName?: string | undefined;
  /** Where the person may go on, or goes by itself when the frames have loaded. */
  readonly backHref?: string | undefined;
  /** Addresses that tell clients of the end (Front-Channel Logout 1.0, 3). */
  readonly frames?: readonly string[];
  /** Why there is no way back to the application that asked. */
  readonly error?: Message | undefined;
  /** Those that the client asked for (`ui_locales`). */
  readonly languages?: readonly string[] | undefined;
}

/** The end of a logout. It may frame the clients that are told there, and those alone. */
export function donePage(contexts: RequestContexts, context: RequestContext, { languages, ...done }: Done): Reply {
  const frames = done.frames ?? [];
  return contexts.page(
    { ...context, session: undefined, user: undefined },
    'logout/done',
    { ...done, frames },
    {
      cookies: contexts.noSessionCookies(),
      languages,
      frameOrigins: [...new Set(frames.map((address) => new URL(address).origin))],
    },
  );
}
