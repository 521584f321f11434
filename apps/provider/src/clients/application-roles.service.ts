import { Inject, Injectable } from '@nestjs/common';
import { statement, Store, type Unit } from '@gatehouse/platform/database/store';

const roleStatements = {
  of: statement(
    'application_roles.of',
    'SELECT role FROM application_roles WHERE client_id = $1 AND user_id = $2 ORDER BY role',
  ),
  people: statement(
    'application_roles.people',
    `SELECT user_id, role FROM application_roles WHERE client_id = $1 AND user_id IN (
       SELECT DISTINCT user_id FROM application_roles WHERE client_id = $1 AND user_id > $2 ORDER BY user_id LIMIT $3)
     ORDER BY user_id, role`,
  ),
  forget: statement('application_roles.forget', 'DELETE FROM application_roles WHERE client_id = $1 AND user_id = $2'),
  add: statement(
    'application_roles.add',
    'INSERT INTO application_roles (client_id, user_id, role) VALUES ($1, $2, $3)',
  ),
};

export const maxApplicationRoles = 50;

/** What is wrong with these roles; undefined when nothing is. A role is a word of the application. */
export function applicationRolesProblem(roles: readonly string[]): string | undefined {
  if (roles.length > maxApplicationRoles) return `A person has at most ${maxApplicationRoles} roles in an application.`;
  const wrong = roles.find((role) => !/^[\x21-\x7e]{1,100}$/.test(role));
  return wrong === undefined ? undefined : 'A role has 1 to 100 printable ASCII characters, and no space.';
}

/** Somebody who has roles in an application. */
export interface ApplicationMember {
  readonly userId: string;
  readonly roles: readonly string[];
}

/** Owns the roles that people have in one application. They mean nothing here: the application is told, when its scope asks. */
@Injectable()
export class ApplicationRoles {
  constructor(@Inject(Store) private readonly store: Store) {}

  async of(clientId: string, userId: string): Promise<readonly string[]> {
    return (await this.store.all<{ role: string }>(roleStatements.of, clientId, userId)).map(({ role }) => role);
  }

  /** The same, as a unit of work sees them. */
  async ofIn(unit: Unit, clientId: string, userId: string): Promise<readonly string[]> {
    return (await unit.all<{ role: string }>(roleStatements.of, clientId, userId)).map(({ role }) => role);
  }

  /** Who has roles there, by id. @param after the id of the last one of the page before */
  async members(
    clientId: string,
    { after = '', limit }: { readonly after?: string | undefined; readonly limit: number },
  ): Promise<{ readonly members: readonly ApplicationMember[]; readonly next: string | undefined }> {
    const rows = await this.store.all<{ user_id: string; role: string }>(
      roleStatements.people,
      clientId,
      after,
      limit + 1,
    );
    const people = new Map<string, string[]>();
    for (const { user_id: userId, role } of rows) people.set(userId, [...(people.get(userId) ?? []), role]);
    const members = [...people].slice(0, limit).map(([userId, roles]) => ({ userId, roles }));
    return { members, next: people.size > limit ? members.at(-1)?.userId : undefined };
  }

  /** Gives a person these roles and no others. @param roles checked ({@link applicationRolesProblem}); none takes all away */
  async set(unit: Unit, clientId: string, userId: string, roles: readonly string[]): Promise<void> {
    await unit.change(roleStatements.forget, clientId, userId);
    for (const role of roles) await unit.change(roleStatements.add, clientId, userId, role);
  }
}
