import { Inject, Injectable } from '@nestjs/common';
import { statement, Store, type Unit } from '@gatehouse/platform/database/store';

const roleStatements = {
  of: statement(
    'application_roles.of',
    'SELECT role FROM application_roles WHERE client_id = $1 AND user_id = $2 ORDER BY role',
  ),
  members: statement(
    'application_roles.people',
    `SELECT user_id, role FROM application_roles WHERE client_id = $1 AND user_id IN (
       SELECT DISTINCT user_id FROM application_roles WHERE client_id = $1 AND user_id > $2 ORDER BY user_id LIMIT $3)
     ORDER BY user_id, role`,
  ),
  removeAll: statement(
    'application_roles.forget',
    'DELETE FROM application_roles WHERE client_id = $1 AND user_id = $2',
  ),
  add: statement(
    'application_roles.add',
    'INSERT INTO application_roles (client_id, user_id, role) VALUES ($1, $2, $3)',
  ),
};

export const maxApplicationRoles = 50;

/** The problem with these roles; undefined when they are valid. The application defines what a role means. */
export function applicationRolesProblem(roles: readonly string[]): string | undefined {
  if (roles.length > maxApplicationRoles) return `A person has at most ${maxApplicationRoles} roles in an application.`;
  const invalid = roles.find((role) => !/^[\x21-\x7e]{1,100}$/.test(role));
  return invalid === undefined ? undefined : 'A role has 1 to 100 printable ASCII characters, and no space.';
}

/** A user with roles in an application. */
export interface ApplicationMember {
  readonly userId: string;
  readonly roles: readonly string[];
}

/**
 * Owns the roles of users in applications. This server does not interpret them: it passes them on where the scope
 * includes them.
 */
@Injectable()
export class ApplicationRoles {
  constructor(@Inject(Store) private readonly store: Store) {}

  async of(clientId: string, userId: string): Promise<readonly string[]> {
    return (await this.store.all<{ role: string }>(roleStatements.of, clientId, userId)).map(({ role }) => role);
  }

  /** As {@link of}, read in a unit of work. */
  async ofIn(unit: Unit, clientId: string, userId: string): Promise<readonly string[]> {
    return (await unit.all<{ role: string }>(roleStatements.of, clientId, userId)).map(({ role }) => role);
  }

  /** One page of users with roles in the application, by id. @param after the last id of the previous page */
  async members(
    clientId: string,
    { after = '', limit }: { readonly after?: string | undefined; readonly limit: number },
  ): Promise<{ readonly members: readonly ApplicationMember[]; readonly next: string | undefined }> {
    const rows = await this.store.all<{ user_id: string; role: string }>(
      roleStatements.members,
      clientId,
      after,
      limit + 1,
    );
    const rolesByUser = new Map<string, string[]>();
    for (const { user_id: userId, role } of rows) rolesByUser.set(userId, [...(rolesByUser.get(userId) ?? []), role]);
    const members = [...rolesByUser].slice(0, limit).map(([userId, roles]) => ({ userId, roles }));
    return { members, next: rolesByUser.size > limit ? members.at(-1)?.userId : undefined };
  }

  /** Replaces the roles of a user. @param roles checked ({@link applicationRolesProblem}); an empty list removes all */
  async set(unit: Unit, clientId: string, userId: string, roles: readonly string[]): Promise<void> {
    await unit.change(roleStatements.removeAll, clientId, userId);
    for (const role of roles) await unit.change(roleStatements.add, clientId, userId, role);
  }
}
