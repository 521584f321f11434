import { missingForRecentSignIn } from '@gatehouse/domain/oauth';
import { text } from '../texts/text.js';
import type { Actor, PersonActor } from './actor.js';
import { OperationError } from './operation-error.js';

/** Why an actor may not do something; undefined where they may. */
export type Denial = 'forbidden' | 'read_only' | 'recent_sign_in' | undefined;

/** Only administrators, service accounts, the command line and the server itself. */
export function administratorsOnly(actor: Actor): Denial {
  if (actor.kind !== 'person' || actor.roles.includes('admin')) return undefined;
  return actor.roles.includes('auditor') ? 'read_only' : 'forbidden';
}

/** What changes credentials, second factors, roles, secrets or keys needs a complete sign-in of the last ten minutes. */
export function afterRecentSignIn(actor: Actor): Denial {
  return actor.kind === 'person' && missingOf(actor) !== undefined ? 'recent_sign_in' : undefined;
}

/** An administrator's act that needs a recent sign-in. */
export function administratorsAfterRecentSignIn(actor: Actor): Denial {
  return administratorsOnly(actor) ?? afterRecentSignIn(actor);
}

/** @throws OperationError for a denial */
export function demand(actor: Actor, denial: Denial): void {
  if (denial === undefined) return;
  const missing = denial === 'recent_sign_in' && actor.kind === 'person' ? missingOf(actor) : undefined;
  const sentence = {
    forbidden: text('error.page.forbidden'),
    read_only: text('error.page.auditor'),
    recent_sign_in: text(missing === 'second-factor' ? 'factor.skipped' : 'factor.fresh'),
  }[denial];
  throw new OperationError(denial, sentence, missing === undefined ? {} : { missing });
}

function missingOf({ signIn, hasSecondFactor, now }: PersonActor): 'sign-in' | 'second-factor' | undefined {
  return signIn === undefined ? 'sign-in' : missingForRecentSignIn(signIn, hasSecondFactor, now);
}
