import type { UserRequestContext } from './sessions/request-context.js';
import type { Actor } from '../audit/audit.service.js';

/** Who makes a change at one of our pages, for the audit log. */
export function actorOf(context: UserRequestContext): Actor {
  return { actorId: context.user.id, address: context.address, requestId: context.requestId };
}

/** Whether the person may change what administrators change. */
export function canAdminister({ user }: UserRequestContext): boolean {
  return user.roles.includes('admin');
}

/** Whether the person may see what administrators see: on a request that changes something, an auditor may not. */
export function canAudit(context: UserRequestContext): boolean {
  return canAdminister(context) || (isReading(context) && context.user.roles.includes('auditor'));
}

/** RFC 9110 9.2.1: nothing changes by a safe method. */
function isReading({ request }: UserRequestContext): boolean {
  return request.method === 'GET' || request.method === 'HEAD';
}
