import { errorBody, OAuthError, statusOf, type OAuthErrorCode } from './oauth-error.js';

describe('OAuthError', () => {
  it.each<[OAuthErrorCode, number]>([
    ['invalid_request', 400],
    ['invalid_client', 401],
    ['invalid_grant', 400],
    ['unauthorized_client', 400],
    ['unsupported_grant_type', 400],
    ['invalid_scope', 400],
    ['access_denied', 403],
    ['invalid_token', 401],
    ['insufficient_scope', 403],
    ['invalid_target', 400],
    ['login_required', 400],
    ['server_error', 500],
    ['temporarily_unavailable', 503],
  ])('%s is answered with %i (RFC 6749 5.2, RFC 6750 3.1)', (code, status) => {
    expect(statusOf(code)).toBe(status);
    expect(new OAuthError(code, 'Why.').status).toBe(status);
  });

  it('shows code and description, and keeps cause and reason for the log', () => {
    const cause = new Error('secret detail');
    const error = new OAuthError('invalid_grant', 'The code is spent.', { cause, reason: 'code.replayed' });
    expect(errorBody(error)).toEqual({ error: 'invalid_grant', error_description: 'The code is spent.' });
    expect(error.cause).toBe(cause);
    expect(error.reason).toBe('code.replayed');
    expect(error).toBeInstanceOf(Error);
  });

  it('has its code as reason where none is given', () => {
    expect(new OAuthError('invalid_client', 'Unknown.').reason).toBe('invalid_client');
  });
});
