/**
 * The logout members of the discovery document.
 * @see OpenID Connect RP-Initiated Logout 2.1, Back-Channel Logout 2.1, Front-Channel Logout 3, Session Management 3.3
 */
export function logoutMetadata(at: {
  readonly endSession: string;
  /** Undefined without https, where browsers would not store its cookie. */
  readonly checkSession: string | undefined;
}): Record<string, unknown> {
  return {
    end_session_endpoint: at.endSession,
    ...(at.checkSession === undefined ? {} : { check_session_iframe: at.checkSession }),
    backchannel_logout_supported: true,
    backchannel_logout_session_supported: true,
    frontchannel_logout_supported: true,
    frontchannel_logout_session_supported: true,
  };
}
