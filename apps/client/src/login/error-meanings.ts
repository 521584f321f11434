import { text, type Text } from '../i18n/message.js';

/** The codes of authorization error responses that are explained. @see RFC 6749 4.1.2.1, OpenID Connect Core 3.1.2.6 */
const explained = [
  'access_denied',
  'login_required',
  'consent_required',
  'interaction_required',
  'account_selection_required',
  'unauthorized_client',
  'invalid_scope',
  'invalid_request',
  'unsupported_response_type',
  'server_error',
  'temporarily_unavailable',
] as const;

/** What an error code means to a user. */
export function meaningOf(error: string): Text {
  return text(`meaning.${explained.find((each) => each === error) ?? 'other'}`);
}
