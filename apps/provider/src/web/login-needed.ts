/** A form asks for a more recent sign-in than its sender's. */
export class RecentSignInNeeded extends Error {
  /** @param href where the sign-in begins */
  constructor(readonly href: string) {
    super('this form needs a recent sign-in');
    this.name = 'RecentSignInNeeded';
  }
}

/** A stranger at a page of ours: sent to the login, and back to exactly this address afterwards. */
export class LoginNeeded extends Error {
  constructor(readonly address: string) {
    super('this page needs a login');
    this.name = 'LoginNeeded';
  }
}
