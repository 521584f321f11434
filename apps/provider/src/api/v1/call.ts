import type { EpochSeconds } from '@gatehouse/domain/kernel';
import type { WebRequest } from '@gatehouse/platform/http/request';
import type { Actor } from '../../operations/actor.js';

/** An admitted request to the API. */
export interface Call {
  readonly request: WebRequest;
  readonly now: EpochSeconds;
  /** The actor of its operations. */
  readonly actor: Actor;
  readonly clientId: string;
  /** Undefined for a service account. */
  readonly personId: string | undefined;
}

interface AdmittedCall extends Call {
  actor: Actor;
}

interface Admitted {
  readonly call: AdmittedCall;
  /** Returns the current actor. Throws if they would no longer be admitted. */
  readonly recheck: () => Promise<Actor>;
}

const calls = new WeakMap<WebRequest, Admitted>();

export function setAccess(call: Call, recheck: () => Promise<Actor>): void {
  calls.set(call.request, { call: { ...call }, recheck });
}

/**
 * Repeats the guard's check after a body was read, because rights may have been removed while it was sent.
 * @throws the errors of the guard
 */
export async function recheckAccess(request: WebRequest): Promise<void> {
  const admitted = calls.get(request);
  if (admitted) admitted.call.actor = await admitted.recheck();
}

/** @throws Error if no guard admitted the request: a method without a guard is a bug */
export function callOf(request: WebRequest): Call {
  const call = calls.get(request)?.call;
  if (!call) throw new Error('No guard admitted this API call.');
  return call;
}
