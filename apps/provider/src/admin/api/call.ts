import type { EpochSeconds } from '@gatehouse/domain/kernel';
import type { WebRequest } from '@gatehouse/server/web/request';
import type { Actor } from '../../audit/audit.service.js';

/** A request of the API that was let in. */
export interface Call {
  readonly request: WebRequest;
  readonly now: EpochSeconds;
  /** For the audit log: the person, and the client by which they act. */
  readonly actor: Actor;
  readonly clientId: string;
  /** Undefined for a client that acts for itself. */
  readonly personId: string | undefined;
}

const calls = new WeakMap<WebRequest, Call>();

export function letIn(call: Call): void {
  calls.set(call.request, call);
}

/** @throws Error where no guard let it in: a method without one is a bug, and answers nobody */
export function callOf(request: WebRequest): Call {
  const call = calls.get(request);
  if (!call) throw new Error('a call of the API that no guard let in');
  return call;
}
