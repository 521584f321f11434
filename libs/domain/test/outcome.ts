import { OAuthError } from '../src/oauth/oauth-error.js';

/** The characters of an `error_description` (RFC 6749 5.2), which must be a sentence. */
const sentence = /^[A-Za-z][\x20\x21\x23-\x5b\x5d-\x7e]+\.$/;

/** `code reason`. Fails if the description cannot be sent to clients. */
export function codeAndReason(error: OAuthError): string {
  expect(error.description).toMatch(sentence);
  return `${error.code} ${error.reason}`;
}

/** The result of a function, or {@link codeAndReason} of the OAuthError that it throws; throws any other error. */
export function outcomeOf<T>(run: () => T): T | string {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    return codeAndReason(error);
  }
}
