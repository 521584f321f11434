import type { LoggedEvent } from './audit-log.service.js';

/** An event in JSON, for the API. `at` is seconds since the epoch. */
export function eventRepresentation(event: LoggedEvent): Record<string, unknown> {
  return {
    id: event.selector,
    at: event.at,
    type: event.type,
    actor_id: event.actorId,
    client_id: event.clientId,
    subject_id: event.subjectId,
    address: event.address,
    request_id: event.requestId,
    details: event.details,
    changes: event.changes,
  };
}
