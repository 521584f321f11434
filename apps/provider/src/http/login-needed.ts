/** A stranger at a page of ours: sent to the login, and back to exactly this address afterwards. */
export class LoginNeeded extends Error {
  constructor(readonly address: string) {
    super('this page needs a login');
    this.name = 'LoginNeeded';
  }
}
