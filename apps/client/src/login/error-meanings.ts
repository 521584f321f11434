/** Explanations of the codes of authorization error responses for users. @see RFC 6749 4.1.2.1, OpenID Connect Core 3.1.2.6 */
const meanings: Readonly<Record<string, string>> = {
  access_denied: 'You, or the provider, did not allow this application to log you in. Nothing was shared with it.',
  login_required: 'The provider wants you to log in there first.',
  consent_required: 'The provider needs your consent first: it was asked not to show you a page.',
  interaction_required: 'The provider needs to show you a page first: it was asked not to.',
  account_selection_required: 'The provider wants you to choose an account first.',
  unauthorized_client: 'This application is not registered for this kind of login at the provider.',
  invalid_scope:
    'This application asked for something that it may not ask for there. Its scopes can be changed on the providers page.',
  invalid_request: 'The provider did not understand the request of this application.',
  unsupported_response_type: 'The provider does not offer this kind of login.',
  server_error: 'Something went wrong at the provider.',
  temporarily_unavailable: 'The provider is busy or being maintained. Try again in a moment.',
};

export function meaningOf(error: string): string {
  return meanings[error] ?? 'The provider sent an error that this application does not know.';
}
