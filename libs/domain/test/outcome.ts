import { OAuthError } from '../src/oauth/oauth-error.js';

/** What an `error_description` may contain (RFC 6749 5.2); ours are sentences. */
const sentence = /^[A-Z][\x20\x21\x23-\x5b\x5d-\x7e]+\.$/;

/**
 * What a function returns, or `code reason` of the OAuthError that it throws.
 * Fails for any other error, and for a description that clients could not be sent.
 */
export function outcomeOf<T>(run: () => T): T | string {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    expect(error.description).toMatch(sentence);
    return `${error.code} ${error.reason}`;
  }
}
