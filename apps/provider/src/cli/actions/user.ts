import { UsageError } from '@gatehouse/platform/command-line';
import { Factors } from '../../users/factors/factors.service.js';
import { ResetSecondFactors } from '../../users/factors/operations/reset-second-factors.js';
import { sendsMail } from '../../config/settings.js';
import type { Cursor } from '../../web/cursor.js';
import { revisionOf } from '../../web/revision.js';
import { routes } from '../../web/routes.js';
import { SessionsService } from '../../users/sessions/sessions.service.js';
import { addressesIn, maxInvited } from '../../users/invitations/invitations.service.js';
import { CreateUser } from '../../users/operations/create-user.js';
import { InvitePeople } from '../../users/invitations/operations/invite-people.js';
import { MakePasswordLink } from '../../users/credentials/operations/make-password-link.js';
import { SetPassword } from '../../users/credentials/operations/set-password.js';
import { SetUserState } from '../../users/operations/set-user-state.js';
import { UpdateUser } from '../../users/operations/update-user.js';
import { editable, type User } from '../../users/user.js';
import { emailWarnings, userRepresentation } from '../../users/user-representation.js';
import { UserLists } from '../../users/user-lists.service.js';
import { UsersService } from '../../users/users.service.js';
import { changedClaims, readClaims } from './user-claims.js';
import { allPages, propertyTable, table, type ApplicationActions, type CommandContext } from '../command.js';
import type { userGroup } from '../commands/user.js';
import { WrongRecord } from '../errors.js';
import { getUser } from './get-user.js';

type Warnings = ReturnType<typeof emailWarnings>;

/** That a new e-mail address is not verified, and how to verify it. */
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

export const userActions: ApplicationActions<typeof userGroup> = {
  add: async (context, options) => {
    const { app } = context;
    const { username, email, emailVerified = false, role = ['user'] } = options;
    const password = options.passwordStdin ? await context.readStdin() : undefined;
    const claims = readClaims(options.claim ?? []);
    if (await app.get(UsersService).findByUsername(username))
      throw new WrongRecord('exists', `the user ${JSON.stringify(username)} exists already`);
    const draft = { username, ...claims, name: options.name ?? claims.name, email, emailVerified, roles: role };
    const { user, link } = await context.execute(CreateUser, { draft, password });
    const warnings = warningsOf(context, user);
    return {
      json: {
        ...userRepresentation(user),
        ...(link === undefined ? {} : { set_password_link: link }),
        ...warnings,
      },
      text: withWarnings(
        `user ${user.username} (${user.id})${link === undefined ? '' : `\nset the password: ${link}`}`,
        warnings,
      ),
    };
  },

  invite: async ({ execute, settings }, options) => {
    const { addresses, wrong } = addressesIn(options.email.join('\n'));
    if (wrong[0] !== undefined) throw new UsageError(`--email: ${JSON.stringify(wrong[0])} is not an e-mail address`);
    if (addresses.length === 0) throw new UsageError('--email is empty: give an e-mail address');
    if (addresses.length > maxInvited) throw new UsageError(`invite at most ${maxInvited} people at once`);
    const invitations = await execute(InvitePeople, { emails: addresses, roles: options.role });
    const links = table(
      ['E-MAIL', 'LINK'],
      invitations.map(({ email, link }) => [email, link]),
    );
    const isSent = sendsMail(settings);
    return {
      json: { invitations, mail_sent: isSent },
      text: isSent ? links : `${links}\nno mail was sent (GATEHOUSE_SMTP_URL is not set): pass the links on yourself`,
    };
  },

  list: async ({ app }, { search }) => {
    const users = await allPages<User, Cursor>(async (after) => {
      const { users: items, next } = await app.get(UserLists).list({ search, after, limit: 500 });
      return { items, next };
    });
    return {
      json: { users: users.map(userRepresentation) },
      text: table(
        ['USERNAME', 'ROLES', 'E-MAIL', 'STATE', 'ID'],
        users.map((user) => [
          user.username,
          user.roles.join(','),
          user.email ?? '',
          user.disabledAt === undefined ? 'enabled' : 'disabled',
          user.id,
        ]),
      ),
    };
  },

  show: async ({ app, now }, { username }) => {
    const user = await getUser(app, username);
    const { totp, passkeys, codesLeft } = await app.get(Factors).of(user.id);
    const json = {
      ...userRepresentation(user),
      second_factors: [...(totp ? ['totp'] : []), ...passkeys.map(({ name }) => `passkey ${name}`)],
      recovery_codes_left: codesLeft,
      sessions: (await app.get(SessionsService).listOf(user.id, now)).length,
    };
    return { json, text: propertyTable(json) };
  },

  update: async (context, options) => {
    const before = await getUser(context.app, options.username);
    const email = options.email ?? before.email;
    const isSameEmail = email === before.email;
    const claims = changedClaims(before, options.claim ?? []);
    const saved = await context.execute(UpdateUser, {
      id: before.id,
      draft: {
        username: options.newUsername ?? before.username,
        ...claims,
        name: options.name ?? claims.name,
        email,
        // A new address has not been verified by anybody.
        emailVerified: options.emailVerified ?? (!options.emailUnverified && isSameEmail && before.emailVerified),
        roles: options.role ?? before.roles,
      },
      revision: revisionOf(editable(before)),
    });
    const warnings = isSameEmail && !options.emailUnverified ? {} : warningsOf(context, saved);
    return {
      json: { ...userRepresentation(saved), ...warnings },
      text: withWarnings(`user ${saved.username} was changed`, warnings),
    };
  },

  'reset-password': async (context, { username, passwordStdin }) => {
    const user = await getUser(context.app, username);
    if (!passwordStdin) {
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

  disable: async ({ app, execute }, { username }) => {
    const user = await getUser(app, username);
    await execute(SetUserState, { id: user.id, disabled: true });
    return {
      json: { ...userRepresentation(user), disabled: true },
      text: `user ${user.username} is disabled; sessions and grants ended`,
    };
  },

  enable: async ({ app, execute }, { username }) => {
    const user = await getUser(app, username);
    await execute(SetUserState, { id: user.id, disabled: false });
    return { json: { ...userRepresentation(user), disabled: false }, text: `user ${user.username} is enabled` };
  },

  link: async ({ app, execute }, { username }) => {
    const user = await getUser(app, username);
    const url = await execute(MakePasswordLink, { id: user.id });
    return {
      json: { ...userRepresentation(user), set_password_link: url },
      text: `set the password of ${user.username}: ${url}`,
    };
  },

  'reset-mfa': async ({ app, execute }, { username }) => {
    const user = await getUser(app, username);
    await execute(ResetSecondFactors, { userId: user.id });
    return {
      json: { ...userRepresentation(user), second_factors: [] },
      text: `user ${user.username} has no second factors now; sessions and grants ended`,
    };
  },
};
