import { hasText, text, type Message } from '../i18n/message.js';

/** What the consent page says of a scope; its name where it has no words. */
export function scopeSentence(scope: string): Message {
  const key = `scope.${scope}`;
  return hasText(key) ? text(key) : scope;
}

/** What the consent page says of a claim that is asked for by its name (OpenID Connect Core 5.1). */
export function claimSentence(claim: string): Message {
  const key = `claim.${claim}`;
  return text('claim.read', { claim: hasText(key) ? text(key) : claim });
}
