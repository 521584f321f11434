import type { Actor } from '../operations/actor.js';
import type { Settings } from '../config/settings.js';
import {
  administratorsAfterRecentSignIn,
  administratorsOnly,
  afterRecentSignIn,
  type PolicyDenial,
} from '../operations/policy.js';

/** Accounts, their roles, passwords and links: the right to change them is the right to become any user. */
export function mayManageUsers(actor: Actor): PolicyDenial {
  return administratorsAfterRecentSignIn(actor);
}

/** What roles require of a sign-in. */
export function mayManageRoles(actor: Actor): PolicyDenial {
  return administratorsAfterRecentSignIn(actor);
}

/** An invitation gives its roles. */
export function mayInvite(actor: Actor): PolicyDenial {
  return administratorsAfterRecentSignIn(actor);
}

/** Takes something away that nobody used: needs no recent sign-in. */
export function mayWithdrawInvitations(actor: Actor): PolicyDenial {
  return administratorsOnly(actor);
}

/** Persons may end their own sessions. It takes access away, and gives none: no recent sign-in is needed. */
export function mayEndSessions(actor: Actor, userId: string | undefined): PolicyDenial {
  return actor.kind === 'person' && actor.userId === userId ? undefined : administratorsOnly(actor);
}

/** Persons may change their own password, address and second factors. */
export function mayChangeOwnCredentials(actor: Actor): PolicyDenial {
  return afterRecentSignIn(actor);
}

/** Whether a visitor may create an account of their own. */
export function maySignUp(signUp: Settings['signUp'], isInvited: boolean): PolicyDenial {
  return signUp === 'open' || (signUp === 'invitation' && isInvited) ? undefined : 'forbidden';
}

/** Persons may delete their own account. */
export function mayDeleteUser(actor: Actor, userId: string): PolicyDenial {
  return actor.kind === 'person' && actor.userId === userId ? afterRecentSignIn(actor) : mayManageUsers(actor);
}
