import { sessionRepresentation } from '../users/sessions/session-representation.js';
import { SessionsService } from '../users/sessions/sessions.service.js';
import type { Session } from '../users/sessions/session.js';
import { browserName } from '../users/sessions/browser-name.js';
import { EndSessions } from '../users/sessions/operations/end-sessions.js';
import { EndUserSessions } from '../users/sessions/operations/end-user-sessions.js';
import { UsersService } from '../users/users.service.js';
import { table, type Command } from './command.js';
import { UsageError, WrongRecord } from './usage.js';

const text = { type: 'string' } as const;
/** More than anybody reads; the API gives all, page by page. */
const maxListed = 1000;

const list: Command = {
  name: 'session list',
  options: { username: text },
  run: async ({ app, options, now }) => {
    const users = app.get(UsersService);
    const username = options.one('username');
    const user = username === undefined ? undefined : await users.findByUsername(username);
    if (username !== undefined && !user)
      throw new WrongRecord('not_found', `there is no user ${JSON.stringify(username)}`);
    const { sessions } = await app.get(SessionsService).list({ userId: user?.id, limit: maxListed }, now);
    const names = await users.names(sessions.map(({ userId }) => userId));
    const row = (session: Session): string[] => [
      names.get(session.userId) ?? session.userId,
      String(browserName(session.userAgent)),
      session.address ?? '',
      new Date(session.authTime * 1000).toISOString(),
      new Date(session.lastSeenAt * 1000).toISOString(),
      session.id,
    ];
    return {
      json: { sessions: sessions.map(sessionRepresentation) },
      text: table(['USERNAME', 'BROWSER', 'ADDRESS', 'LOGIN', 'LAST SEEN', 'ID'], sessions.map(row)),
    };
  },
};

const end: Command = {
  name: 'session end',
  options: { id: text, username: text },
  run: async ({ app, execute, options }) => {
    const id = options.one('id');
    const username = options.one('username');
    if ((id === undefined) === (username === undefined))
      throw new UsageError('name one session by --id, or all of a user by --username');
    if (id !== undefined) {
      if ((await execute(EndSessions, { ids: [id] })).ended === 0)
        throw new WrongRecord('not_found', 'there is no live session of this id');
      return { json: { ended: 1 }, text: 'the session ended' };
    }
    const user = await app.get(UsersService).findByUsername(username ?? '');
    if (!user) throw new WrongRecord('not_found', `there is no user ${JSON.stringify(username)}`);
    const { ended } = await execute(EndUserSessions, { userId: user.id });
    return { json: { ended }, text: `${ended} ${ended === 1 ? 'session' : 'sessions'} of ${user.username} ended` };
  },
};

export const sessionCommands: readonly Command[] = [list, end];
