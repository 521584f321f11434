import type { ListedMessage } from './outbox.service.js';

/** A message that waits or was given up as JSON, without its payload. Instants are seconds since the epoch. */
export function messageRepresentation(message: ListedMessage): Record<string, unknown> {
  return {
    id: message.selector,
    kind: message.kind,
    destination: message.destination,
    state: message.state,
    attempts: message.attempts,
    created_at: message.createdAt,
    expires_at: message.expiresAt,
    due_at: message.dueAt ?? null,
    last_failure: message.lastFailure ?? null,
  };
}
