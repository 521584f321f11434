import { hasText, text, type Message } from '../i18n/message.js';

/** The description of a scope on the consent page; its name if it has no description. */
export function scopeSentence(scope: string): Message {
  const key = `scope.${scope}`;
  return hasText(key) ? text(key) : scope;
}

/** The description on the consent page of a claim that is requested by name (OpenID Connect Core 5.1). */
export function claimSentence(claim: string): Message {
  const key = `claim.${claim}`;
  return text('claim.read', { claim: hasText(key) ? text(key) : claim });
}
