import { AuditService } from '../audit/audit.service.js';
import { FactorReset } from '../factors/factor-reset.service.js';
import { Factors } from '../factors/factors.service.js';
import { GrantsService } from '../grants/grants.service.js';
import { PasswordRenewal } from '../grants/password-renewal.service.js';
import { sendsMail } from '../config/settings.js';
import type { Cursor } from '../http/cursor.js';
import { routes } from '../http/routes.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { addressesIn, Invitations, mostInvited } from '../users/invitations.service.js';
import { OneTimeLinks } from '../users/one-time-links.service.js';
import { PasswordHasher } from '../users/password-hasher.js';
import { PasswordRules } from '../users/password-rules.js';
import { roles, type User } from '../users/user.js';
import { emailWarnings, userRepresentation } from '../users/user-representation.js';
import { UserLists } from '../users/user-lists.service.js';
import { UsersService } from '../users/users.service.js';
import { changedClaims, readClaims } from './user-claims.js';
import { table, type Command, type CommandContext } from './command.js';
import { Refused, UsageError, WrongRecord } from './usage.js';

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
    const { app, store, options, now } = context;
    const username = options.one('username');
    if (username === undefined) throw new UsageError('--username is missing');
    const password = options.has('password-stdin') ? await context.readStdin() : undefined;
    const claims = readClaims(options.all('claim'));
    const users = app.get(UsersService);
    if (await users.findByUsername(username))
      throw new WrongRecord('exists', `the user ${JSON.stringify(username)} exists already`);
    const owner = { username, name: options.one('name'), email: options.one('email') };
    const weakness =
      password === undefined
        ? undefined
        : await app.get(PasswordRules).problem(password, { use: 'only factor', owner });
    if (weakness !== undefined) throw new Refused(`the password: ${weakness}`);
    const passwordHash = password === undefined ? undefined : await app.get(PasswordHasher).hash(password);
    const roles = options.all('role');
    const { user, link } = await store.run(async (unit) => {
      const made = await users.create(
        unit,
        {
          username,
          ...claims,
          name: options.one('name') ?? claims.name,
          email: options.one('email'),
          emailVerified: options.has('email-verified'),
          roles: roles.length > 0 ? roles : ['user'],
          passwordHash,
        },
        {},
        now,
      );
      if ('problems' in made)
        throw new Refused(made.problems.map((problem) => `${problem.field}: ${problem.message}`).join(' '));
      if (passwordHash !== undefined) return { user: made.user, link: undefined };
      await app.get(AuditService).record(unit, { type: 'user.link_made', subjectId: made.user.id });
      const url = await app
        .get(OneTimeLinks)
        .make(unit, { userId: made.user.id, purpose: 'set-password', signsIn: true }, now);
      return { user: made.user, link: url };
    });
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
    const outcome = await context.store.run((unit) =>
      context.app.get(UsersService).disable(unit, user.id, {}, context.now),
    );
    if (outcome === 'last admin') throw new Refused('this is the last administrator: make another one first');
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
    await context.store.run((unit) => context.app.get(UsersService).enable(unit, user.id, {}, context.now));
    return { json: { ...userRepresentation(user), disabled: false }, text: `user ${user.username} is switched on` };
  },
};

const link: Command = {
  name: 'user link',
  options: { username: text },
  run: async (context) => {
    const user = await named(context);
    const url = await context.store.run(async (unit) => {
      await context.app.get(AuditService).record(unit, { type: 'user.link_made', subjectId: user.id });
      return context.app
        .get(OneTimeLinks)
        .make(unit, { userId: user.id, purpose: 'set-password', signsIn: true }, context.now);
    });
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
    await context.store.run((unit) => context.app.get(FactorReset).reset(unit, user.id, {}, context.now));
    return {
      json: { ...userRepresentation(user), second_factors: [] },
      text: `user ${user.username} has no second factor any more; their sessions and grants ended`,
    };
  },
};

const invite: Command = {
  name: 'user invite',
  options: { email: { type: 'string', multiple: true }, role: { type: 'string', multiple: true } },
  run: async ({ app, store, options, settings, now }) => {
    if (settings.signUp === 'off') throw new Refused('sign-up is off: set GATEHOUSE_SIGN_UP=invitation');
    const { addresses, wrong } = addressesIn(options.all('email').join('\n'));
    if (wrong[0] !== undefined) throw new UsageError(`--email: ${JSON.stringify(wrong[0])} is no e-mail address`);
    if (addresses.length === 0) throw new UsageError('--email is missing');
    if (addresses.length > mostInvited) throw new UsageError(`at most ${mostInvited} are invited at once`);
    const chosen = options.all('role').length > 0 ? options.all('role') : ['user'];
    const unknown = chosen.find((role) => !roles.some((known) => known === role));
    if (unknown !== undefined) throw new UsageError(`there is no role ${JSON.stringify(unknown)}`);
    const invitations = await store.run((unit) =>
      app.get(Invitations).inviteAll(unit, { emails: addresses, roles: chosen }, {}, now),
    );
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
    const { app, store, options, now } = context;
    const before = await named(context);
    if (options.has('email-verified') && options.has('email-unverified'))
      throw new UsageError('--email-verified and --email-unverified cannot be combined');
    const email = options.one('email') ?? before.email;
    const sameEmail = email === before.email;
    const claims = changedClaims(before, options.all('claim'));
    const roles = options.all('role');
    const saved = await store.run((unit) =>
      app.get(UsersService).update(
        unit,
        before.id,
        {
          username: options.one('new-username') ?? before.username,
          ...claims,
          name: options.one('name') ?? claims.name,
          email,
          // Another address is another mailbox: nobody has proved it yet.
          emailVerified:
            options.has('email-verified') || (!options.has('email-unverified') && sameEmail && before.emailVerified),
          roles: roles.length > 0 ? roles : before.roles,
        },
        {},
        now,
      ),
    );
    if (saved === undefined) throw new WrongRecord('not_found', 'the user was removed meanwhile');
    if ('problems' in saved)
      throw new Refused(saved.problems.map((problem) => `${problem.field}: ${problem.message}`).join(' '));
    const warnings = sameEmail && !options.has('email-unverified') ? {} : warningsOf(context, saved.user);
    return {
      json: { ...userRepresentation(saved.user), ...warnings },
      text: withWarnings(`user ${saved.user.username} was changed`, warnings),
    };
  },
};

const resetPassword: Command = {
  name: 'user reset-password',
  options: { username: text, 'password-stdin': flag },
  run: async (context) => {
    const { app, store, options, now } = context;
    const user = await named(context);
    if (!options.has('password-stdin')) {
      const url = await store.run(async (unit) => {
        await app.get(SessionsService).endAllOf(unit, user.id, now);
        await app.get(GrantsService).revokeOfUser(unit, user.id, now);
        await app.get(AuditService).record(unit, { type: 'user.link_made', subjectId: user.id });
        return app.get(OneTimeLinks).make(unit, { userId: user.id, purpose: 'set-password', signsIn: true }, now);
      });
      return {
        json: { ...userRepresentation(user), set_password_link: url },
        text: `sessions and grants of ${user.username} ended\nset the password: ${url}`,
      };
    }
    const password = await context.readStdin();
    const use = (await app.get(Factors).hasAny(user.id)) ? 'beside a second factor' : 'only factor';
    const weakness = await app.get(PasswordRules).problem(password, { use, owner: user });
    if (weakness !== undefined) throw new Refused(`the password: ${weakness}`);
    const passwordHash = await app.get(PasswordHasher).hash(password);
    await store.run((unit) => app.get(PasswordRenewal).renew(unit, user.id, passwordHash, {}, now));
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
