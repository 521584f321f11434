import type { Actor } from '../../operations/actor.js';
import { administratorsAfterRecentSignIn, administratorsOnly, type PolicyDenial } from '../../operations/policy.js';

/** Needs a recent sign-in, because the settings decide who gets an account and how long a sign-in lasts. */
export function mayChangeSettings(actor: Actor): PolicyDenial {
  return administratorsAfterRecentSignIn(actor);
}

/** Needs no recent sign-in: the message has a fixed text and goes to an administrator. */
export function maySendTestMail(actor: Actor): PolicyDenial {
  return administratorsOnly(actor);
}
