/** A form requires a more recent sign-in. */
export class RecentSignInNeeded extends Error {
  /** @param href where the sign-in starts */
  constructor(readonly href: string) {
    super('This form requires a recent sign-in.');
    this.name = 'RecentSignInNeeded';
  }
}

/** The page requires a signed-in user: redirects to the login, and back to this address afterwards. */
export class LoginNeeded extends Error {
  constructor(readonly address: string) {
    super('This page requires a login.');
    this.name = 'LoginNeeded';
  }
}
