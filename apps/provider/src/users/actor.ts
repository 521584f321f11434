import type { Actor } from './users.service.js';
import type { UserVisit } from './visit.js';

/** Who makes a change at one of our pages, for the audit log. */
export function actorOf(visit: UserVisit): Actor {
  return { actorId: visit.user.id, address: visit.address, requestId: visit.requestId };
}

export function isAdmin(visit: UserVisit): boolean {
  return visit.user.roles.includes('admin');
}
