import { missingForRecentSignIn } from '@gatehouse/domain/oauth';
import { text } from '../i18n/message.js';
import type { Actor, UserActor, VisitorActor } from './actor.js';
import { notFound, OperationError } from './operation-error.js';

/** Why an actor may not do something; undefined when they may. */
export type PolicyDenial = 'forbidden' | 'read_only' | 'recent_sign_in' | undefined;

/** Only administrators, service accounts, the command line and the server itself. */
export function administratorsOnly(actor: Actor): PolicyDenial {
  switch (actor.kind) {
    case 'client':
    case 'command-line':
    case 'system':
      return undefined;
    case 'visitor':
    case 'registrant':
    case 'metadata-document':
      return 'forbidden';
    case 'person':
      if (actor.roles.includes('admin')) return undefined;
      return actor.roles.includes('auditor') ? 'read_only' : 'forbidden';
  }
}

/** Actors who may read everything: administrators and auditors, service accounts, the command line and the server itself. */
export function readersOnly(actor: Actor): PolicyDenial {
  return administratorsOnly(actor) === 'forbidden' ? 'forbidden' : undefined;
}

/** For operations that require access to the server itself. */
export function commandLineOnly(actor: Actor): PolicyDenial {
  return actor.kind === 'command-line' || actor.kind === 'system' ? undefined : 'forbidden';
}

/** Changes of credentials, second factors, roles, secrets or keys require a full sign-in of the last ten minutes. */
export function afterRecentSignIn(actor: Actor): PolicyDenial {
  return actor.kind === 'person' && missingOf(actor) !== undefined ? 'recent_sign_in' : undefined;
}

/** For administrative operations that require a recent sign-in. */
export function administratorsAfterRecentSignIn(actor: Actor): PolicyDenial {
  return administratorsOnly(actor) ?? afterRecentSignIn(actor);
}

/**
 * The user who acts on their own account. Other actors have no account.
 * @param policy whether the user is allowed to
 * @throws OperationError not_found for an actor who is not a user; the code of a denial
 */
export function requireUser(actor: Actor, policy: (person: UserActor) => PolicyDenial = () => undefined): UserActor {
  if (actor.kind !== 'person') throw notFound('user');
  requireAllowed(actor, policy(actor));
  return actor;
}

/**
 * A visitor on a page of the sign-in flow, signed in or not. For operations that a one-time link or an open sign-up allows,
 * not the rights of an actor.
 * @throws OperationError forbidden for all other actors; the code of a denial
 */
export function requireVisitor(actor: Actor, policy: () => PolicyDenial = () => undefined): VisitorActor {
  if (actor.kind !== 'visitor') throw new OperationError('forbidden', text('error.page.forbidden'));
  requireAllowed(actor, policy());
  return actor;
}

/** @throws OperationError for a denial */
export function requireAllowed(actor: Actor, denial: PolicyDenial): void {
  if (denial === undefined) return;
  const missing = denial === 'recent_sign_in' && actor.kind === 'person' ? missingOf(actor) : undefined;
  const message = {
    forbidden: text('error.page.forbidden'),
    read_only: text('error.page.auditor'),
    recent_sign_in: text(missing === 'second-factor' ? 'factor.skipped' : 'factor.fresh'),
  }[denial];
  throw new OperationError(denial, message, missing === undefined ? {} : { missing });
}

function missingOf({ signIn, hasSecondFactor, now }: UserActor): 'sign-in' | 'second-factor' | undefined {
  return signIn === undefined ? 'sign-in' : missingForRecentSignIn(signIn, hasSecondFactor, now);
}
