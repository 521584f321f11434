import type { UserRequestContext } from './sessions/request-context.js';
import type { Actor } from '../audit/audit.service.js';

/** Who makes a change at one of our pages, for the audit log. */
export function actorOf(context: UserRequestContext): Actor {
  return { actorId: context.user.id, address: context.address, requestId: context.requestId };
}

/** Whoever sees all; on a request that changes something, an administrator alone. */
export function isAdmin(context: UserRequestContext): boolean {
  return context.user.roles.includes('admin') || (isReading(context) && context.user.roles.includes('auditor'));
}

/** RFC 9110 9.2.1: nothing changes by a safe method. */
function isReading({ request }: UserRequestContext): boolean {
  return request.method === 'GET' || request.method === 'HEAD';
}
