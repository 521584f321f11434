import type { UserVisit } from './sessions/visit.js';
import type { Actor } from '../audit/audit.service.js';

/** Who makes a change at one of our pages, for the audit log. */
export function actorOf(visit: UserVisit): Actor {
  return { actorId: visit.user.id, address: visit.address, requestId: visit.requestId };
}

/** Whoever sees all; on a request that changes something, an administrator alone. */
export function isAdmin(visit: UserVisit): boolean {
  return visit.user.roles.includes('admin') || (isReading(visit) && visit.user.roles.includes('auditor'));
}

/** RFC 9110 9.2.1: nothing changes by a safe method. */
function isReading({ request }: UserVisit): boolean {
  return request.method === 'GET' || request.method === 'HEAD';
}
