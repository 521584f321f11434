import type { Actor } from '../operations/actor.js';
import type { EditableValues } from '../settings/editable-settings.js';
import {
  administratorsAfterRecentSignIn,
  administratorsOnly,
  afterRecentSignIn,
  type PolicyDenial,
} from '../operations/policy.js';

/** Accounts, their roles, passwords and links: an actor who may change them can become any user. */
export function mayManageUsers(actor: Actor): PolicyDenial {
  return administratorsAfterRecentSignIn(actor);
}

/** The sign-in requirements of roles. */
export function mayManageRoles(actor: Actor): PolicyDenial {
  return administratorsAfterRecentSignIn(actor);
}

/** An invitation assigns roles. */
export function mayInvite(actor: Actor): PolicyDenial {
  return administratorsAfterRecentSignIn(actor);
}

/** Needs no recent sign-in, because it only removes an unused invitation. */
export function mayWithdrawInvitations(actor: Actor): PolicyDenial {
  return administratorsOnly(actor);
}

/** Users may end their own sessions. Needs no recent sign-in, because it only removes access. */
export function mayEndSessions(actor: Actor, userId: string | undefined): PolicyDenial {
  return actor.kind === 'person' && actor.userId === userId ? undefined : administratorsOnly(actor);
}

/** Users may change their own password, address and second factors. */
export function mayChangeOwnCredentials(actor: Actor): PolicyDenial {
  return afterRecentSignIn(actor);
}

/** Whether a visitor may create an account for themselves. */
export function maySignUp(signUp: EditableValues['signUp'], isInvited: boolean): PolicyDenial {
  return signUp === 'open' || (signUp === 'invitation' && isInvited) ? undefined : 'forbidden';
}

/** Users may delete their own account. */
export function mayDeleteUser(actor: Actor, userId: string): PolicyDenial {
  return actor.kind === 'person' && actor.userId === userId ? afterRecentSignIn(actor) : mayManageUsers(actor);
}
