import { sessionRepresentation } from '../../users/sessions/session-representation.js';
import { SessionsService } from '../../users/sessions/sessions.service.js';
import { browserName } from '../../users/sessions/browser-name.js';
import { EndSessions } from '../../users/sessions/operations/end-sessions.js';
import { EndUserSessions } from '../../users/sessions/operations/end-user-sessions.js';
import { UsersService } from '../../users/users.service.js';
import { isoTime, table, type ApplicationActions } from '../command.js';
import type { sessionGroup } from '../commands/session.js';
import { WrongRecord } from '../errors.js';
import { getUser } from './get-user.js';

/** The API lists all, page by page. */
const maxListed = 1000;

export const sessionActions: ApplicationActions<typeof sessionGroup> = {
  list: async ({ app, now }, { username }) => {
    const userId = username === undefined ? undefined : (await getUser(app, username)).id;
    const { sessions } = await app.get(SessionsService).list({ userId, limit: maxListed }, now);
    const names = await app.get(UsersService).names(sessions.map((session) => session.userId));
    return {
      json: { sessions: sessions.map(sessionRepresentation) },
      text: table(
        ['USERNAME', 'BROWSER', 'ADDRESS', 'LOGIN', 'LAST SEEN', 'ID'],
        sessions.map((session) => [
          names.get(session.userId) ?? session.userId,
          String(browserName(session.userAgent)),
          session.address ?? '',
          isoTime(session.authTime),
          isoTime(session.lastSeenAt),
          session.id,
        ]),
      ),
    };
  },

  end: async ({ app, execute }, { id, username = '' }) => {
    if (id !== undefined) {
      if ((await execute(EndSessions, { ids: [id] })).ended === 0)
        throw new WrongRecord('not_found', 'there is no active session with this id');
      return { json: { ended: 1 }, text: 'the session ended' };
    }
    const user = await getUser(app, username);
    const { ended } = await execute(EndUserSessions, { userId: user.id });
    return { json: { ended }, text: `${ended} ${ended === 1 ? 'session' : 'sessions'} of ${user.username} ended` };
  },
};
