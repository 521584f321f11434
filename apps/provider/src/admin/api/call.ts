import type { EpochSeconds } from '@gatehouse/domain/kernel';
import type { WebRequest } from '@gatehouse/server/web/request';
import type { Actor as AuditActor } from '../../audit/audit.service.js';
import type { Actor } from '../../operations/actor.js';

/** A request of the API that was let in. */
export interface Call {
  readonly request: WebRequest;
  readonly now: EpochSeconds;
  /** Who performs the operations that it asks for. */
  readonly actor: Actor;
  /** For the audit log: the person, and the client by which they act. */
  readonly auditActor: AuditActor;
  readonly clientId: string;
  /** Undefined for a client that acts for itself. */
  readonly personId: string | undefined;
  /** @throws OperationError recent_sign_in; never for a client that acts for itself */
  readonly requireRecentSignIn: () => Promise<void>;
}

interface Admitted {
  readonly call: Call;
  /** Throws where it would not be let in any more. */
  readonly lookAgain: () => Promise<void>;
}

const calls = new WeakMap<WebRequest, Admitted>();

export function letIn(call: Call, lookAgain: () => Promise<void>): void {
  calls.set(call.request, { call, lookAgain });
}

/**
 * For whoever waited for a body: rights may have been taken away while its sender held it back.
 * @throws what the guard throws
 */
export async function demandStillIn(request: WebRequest): Promise<void> {
  await calls.get(request)?.lookAgain();
}

/** @throws Error where no guard let it in: a method without one is a bug, and answers nobody */
export function callOf(request: WebRequest): Call {
  const call = calls.get(request)?.call;
  if (!call) throw new Error('a call of the API that no guard let in');
  return call;
}
