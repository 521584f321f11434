import type { EpochSeconds } from '@gatehouse/domain/kernel';
import type { WebRequest } from '@gatehouse/platform/http/request';
import type { Actor } from '../../operations/actor.js';

/** A request of the API that was let in. */
export interface Call {
  readonly request: WebRequest;
  readonly now: EpochSeconds;
  /** Who performs the operations that it asks for. */
  readonly actor: Actor;
  readonly clientId: string;
  /** Undefined for a client that acts for itself. */
  readonly personId: string | undefined;
}

interface AdmittedCall extends Call {
  actor: Actor;
}

interface Admitted {
  readonly call: AdmittedCall;
  /** The actor as they are now. Throws where they would not be let in any more. */
  readonly lookAgain: () => Promise<Actor>;
}

const calls = new WeakMap<WebRequest, Admitted>();

export function letIn(call: Call, lookAgain: () => Promise<Actor>): void {
  calls.set(call.request, { call: { ...call }, lookAgain });
}

/**
 * For whoever waited for a body: rights may have been taken away while its sender held it back.
 * @throws what the guard throws
 */
export async function demandStillIn(request: WebRequest): Promise<void> {
  const admitted = calls.get(request);
  if (admitted) admitted.call.actor = await admitted.lookAgain();
}

/** @throws Error where no guard let it in: a method without one is a bug, and answers nobody */
export function callOf(request: WebRequest): Call {
  const call = calls.get(request)?.call;
  if (!call) throw new Error('a call of the API that no guard let in');
  return call;
}
