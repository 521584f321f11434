import type { Session } from './session.js';
import { browserName } from './browser-name.js';

/** A session as JSON, for the command line and the API. Times are seconds since the epoch. */
export function sessionRepresentation(session: Session): Record<string, unknown> {
  return {
    id: session.id,
    user_id: session.userId,
    browser: browserName(session.userAgent),
    address: session.address ?? null,
    amr: session.amr,
    auth_time: session.authTime,
    created_at: session.createdAt,
    last_seen_at: session.lastSeenAt,
    expires_at: session.expiresAt,
  };
}
