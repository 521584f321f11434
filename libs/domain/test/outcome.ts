import { OAuthError } from '../src/oauth/oauth-error.js';

/** What an `error_description` may contain (RFC 6749 5.2); ours are sentences. */
const sentence = /^[A-Za-z][\x20\x21\x23-\x5b\x5d-\x7e]+\.$/;

/** `code reason`. Fails where clients could not be sent the description. */
export function codeAndReason(error: OAuthError): string {
  expect(error.description).toMatch(sentence);
  return `${error.code} ${error.reason}`;
}

/** What a function returns, or {@link codeAndReason} of the OAuthError that it throws; any other error is thrown. */
export function outcomeOf<T>(run: () => T): T | string {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    return codeAndReason(error);
  }
}
