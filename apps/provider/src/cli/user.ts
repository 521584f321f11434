import { Factors } from '../users/factors/factors.service.js';
import { ResetSecondFactors } from '../users/factors/operations/reset-second-factors.js';
import { sendsMail } from '../config/settings.js';
import type { Cursor } from '../web/cursor.js';
import { revisionOf } from '../web/revision.js';
import { routes } from '../web/routes.js';
import { SessionsService } from '../users/sessions/sessions.service.js';
import { addressesIn, maxInvited } from '../users/invitations/invitations.service.js';
import { CreateUser } from '../users/operations/create-user.js';
import { InvitePeople } from '../users/invitations/operations/invite-people.js';
import { MakePasswordLink } from '../users/credentials/operations/make-password-link.js';
import { SetPassword } from '../users/credentials/operations/set-password.js';
import { SetUserState } from '../users/operations/set-user-state.js';
import { UpdateUser } from '../users/operations/update-user.js';
import { editable, roles, type User } from '../users/user.js';
import { emailWarnings, userRepresentation } from '../users/user-representation.js';
import { UserLists } from '../users/user-lists.service.js';
import { UsersService } from '../users/users.service.js';
import { changedClaims, readClaims } from './user-claims.js';
import { table, type Command, type CommandContext } from './command.js';
import { UsageError, WrongRecord } from './usage.js';

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;

async function named(context: CommandContext): Promise<User> {
  const username = context.options.one('username');
  if (username === undefined) throw new UsageError('--username is missing');
  const user = await context.app.get(UsersService).findByUsername(username);
  if (!user) throw new WrongRecord('not_found', `there is no user ${JSON.stringify(username)}`);
  return user;
}

type Warnings = ReturnType<typeof emailWarnings>;

/** That an address which was just stored is not verified, and how to verify it. */
function warningsOf({ settings }: CommandContext, user: User): Warnings {
  const page = `${settings.issuer}${routes.email}`;
  return emailWarnings(
    user,
    `If you know that it is theirs: user update --username ${user.username} --email-verified. Otherwise they can confirm it at ${page}.`,
  );
}

function withWarnings(text: string, { warnings = [] }: Warnings): string {
  return [text, ...warnings].join('\n');
}

const add: Command = {
  name: 'user add',
  options: {
    username: text,
    'password-stdin': flag,
    name: text,
    email: text,
    'email-verified': flag,
    role: { type: 'string', multiple: true },
    claim: { type: 'string', multiple: true },
  },
  run: async (context) => {
    const { app, options } = context;
    const username = options.one('username');
    if (username === undefined) throw new UsageError('--username is missing');
    const password = options.has('password-stdin') ? await context.readStdin() : undefined;
    const claims = readClaims(options.all('claim'));
    if (await app.get(UsersService).findByUsername(username))
      throw new WrongRecord('exists', `the user ${JSON.stringify(username)} exists already`);
    const roles = options.all('role');
    const draft = {
      username,
      ...claims,
      name: options.one('name') ?? claims.name,
      email: options.one('email'),
      emailVerified: options.has('email-verified'),
      roles: roles.length > 0 ? roles : ['user'],
    };
    const { user, link } = await context.execute(CreateUser, { draft, password });
    return {
      json: {
        ...userRepresentation(user),
        ...(link === undefined ? {} : { set_password_link: link }),
        ...warningsOf(context, user),
      },
      text: withWarnings(
        `user ${user.username} (${user.id})${link === undefined ? '' : `\nset the password: ${link}`}`,
        warningsOf(context, user),
      ),
    };
  },
};

const list: Command = {
  name: 'user list',
  options: { search: text },
  run: async ({ app, options }) => {
    const found: User[] = [];
    let after: Cursor | undefined;
    do {
      const page = await app.get(UserLists).list({ search: options.one('search'), after, limit: 500 });
      found.push(...page.users);
      after = page.next;
    } while (after !== undefined);
    return {
      json: { users: found.map(userRepresentation) },
      text: table(
        ['USERNAME', 'ROLES', 'E-MAIL', 'STATE', 'ID'],
        found.map((user) => [
          user.username,
          user.roles.join(','),
          user.email ?? '',
          user.disabledAt === undefined ? 'on' : 'off',
          user.id,
        ]),
      ),
    };
  },
};

const disable: Command = {
  name: 'user disable',
  options: { username: text },
  run: async (context) => {
    const user = await named(context);
    await context.execute(SetUserState, { id: user.id, disabled: true });
    return {
      json: { ...userRepresentation(user), disabled: true },
      text: `user ${user.username} is switched off; sessions and grants ended`,
    };
  },
};

const enable: Command = {
  name: 'user enable',
  options: { username: text },
  run: async (context) => {
    const user = await named(context);
    await context.execute(SetUserState, { id: user.id, disabled: false });
    return { json: { ...userRepresentation(user), disabled: false }, text: `user ${user.username} is switched on` };
  },
};

const link: Command = {
  name: 'user link',
  options: { username: text },
  run: async (context) => {
    const user = await named(context);
    const url = await context.execute(MakePasswordLink, { id: user.id });
    return {
      json: { ...userRepresentation(user), set_password_link: url },
      text: `set the password of ${user.username}: ${url}`,
    };
  },
};

const resetMfa: Command = {
  name: 'user reset-mfa',
  options: { username: text },
  run: async (context) => {
    const user = await named(context);
    await context.execute(ResetSecondFactors, { userId: user.id });
    return {
      json: { ...userRepresentation(user), second_factors: [] },
      text: `user ${user.username} has no second factor any more; their sessions and grants ended`,
    };
  },
};

const invite: Command = {
  name: 'user invite',
  options: { email: { type: 'string', multiple: true }, role: { type: 'string', multiple: true } },
  run: async ({ execute, options, settings }) => {
    const { addresses, wrong } = addressesIn(options.all('email').join('\n'));
    if (wrong[0] !== undefined) throw new UsageError(`--email: ${JSON.stringify(wrong[0])} is no e-mail address`);
    if (addresses.length === 0) throw new UsageError('--email is missing');
    if (addresses.length > maxInvited) throw new UsageError(`at most ${maxInvited} are invited at once`);
    const chosen = options.all('role').length > 0 ? options.all('role') : ['user'];
    const unknown = chosen.find((role) => !roles.some((known) => known === role));
    if (unknown !== undefined) throw new UsageError(`there is no role ${JSON.stringify(unknown)}`);
    const invitations = await execute(InvitePeople, { emails: addresses, roles: chosen });
    const links = table(
      ['E-MAIL', 'LINK'],
      invitations.map(({ email, link }) => [email, link]),
    );
    const isSent = sendsMail(settings);
    return {
      json: { invitations, mail_sent: isSent },
      text: isSent ? links : `${links}\nno mail is sent (GATEHOUSE_SMTP_URL is not set): pass the links on yourself`,
    };
  },
};

const show: Command = {
  name: 'user show',
  options: { username: text },
  run: async (context) => {
    const user = await named(context);
    const { totp, passkeys, codesLeft } = await context.app.get(Factors).of(user.id);
    const json = {
      ...userRepresentation(user),
      second_factors: [...(totp ? ['totp'] : []), ...passkeys.map(({ name }) => `passkey ${name}`)],
      recovery_codes_left: codesLeft,
      sessions: (await context.app.get(SessionsService).listOf(user.id, context.now)).length,
    };
    return {
      json,
      text: table(
        ['WHAT', 'VALUE'],
        Object.entries(json).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
      ),
    };
  },
};

const update: Command = {
  name: 'user update',
  options: {
    username: text,
    'new-username': text,
    name: text,
    email: text,
    'email-verified': flag,
    'email-unverified': flag,
    role: { type: 'string', multiple: true },
    claim: { type: 'string', multiple: true },
  },
  run: async (context) => {
    const { options } = context;
    const before = await named(context);
    if (options.has('email-verified') && options.has('email-unverified'))
      throw new UsageError('--email-verified and --email-unverified cannot be combined');
    const email = options.one('email') ?? before.email;
    const sameEmail = email === before.email;
    const claims = changedClaims(before, options.all('claim'));
    const roles = options.all('role');
    const saved = await context.execute(UpdateUser, {
      id: before.id,
      draft: {
        username: options.one('new-username') ?? before.username,
        ...claims,
        name: options.one('name') ?? claims.name,
        email,
        // Another address is another mailbox: nobody has proved it yet.
        emailVerified:
          options.has('email-verified') || (!options.has('email-unverified') && sameEmail && before.emailVerified),
        roles: roles.length > 0 ? roles : before.roles,
      },
      revision: revisionOf(editable(before)),
    });
    const warnings = sameEmail && !options.has('email-unverified') ? {} : warningsOf(context, saved);
    return {
      json: { ...userRepresentation(saved), ...warnings },
      text: withWarnings(`user ${saved.username} was changed`, warnings),
    };
  },
};

const resetPassword: Command = {
  name: 'user reset-password',
  options: { username: text, 'password-stdin': flag },
  run: async (context) => {
    const user = await named(context);
    if (!context.options.has('password-stdin')) {
      const url = await context.execute(MakePasswordLink, { id: user.id, signOut: true });
      return {
        json: { ...userRepresentation(user), set_password_link: url },
        text: `sessions and grants of ${user.username} ended\nset the password: ${url}`,
      };
    }
    await context.execute(SetPassword, { id: user.id, password: await context.readStdin() });
    return {
      json: { ...userRepresentation(user), has_password: true },
      text: `user ${user.username} has the new password; sessions and grants ended`,
    };
  },
};

export const userCommands: readonly Command[] = [
  add,
  invite,
  list,
  show,
  update,
  resetPassword,
  disable,
  enable,
  link,
  resetMfa,
];
