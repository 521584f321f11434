import type { UserRequestContext } from './sessions/request-context.js';
import type { Actor } from '../audit/audit.service.js';

/** The actor of a change made on a page, for the audit log. */
export function actorOf(context: UserRequestContext): Actor {
  return { actorId: context.user.id, address: context.address, requestId: context.requestId };
}

/** Whether the user may change what administrators change. */
export function canAdminister({ user }: UserRequestContext): boolean {
  return user.roles.includes('admin');
}

/**
 * Whether the user may see what administrators see. An auditor may only read, so not in a request that changes
 * something.
 */
export function canAudit(context: UserRequestContext): boolean {
  return canAdminister(context) || (isReading(context) && context.user.roles.includes('auditor'));
}

/** RFC 9110 9.2.1: safe methods change nothing. */
function isReading({ request }: UserRequestContext): boolean {
  return request.method === 'GET' || request.method === 'HEAD';
}
