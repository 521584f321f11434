import { each } from './time.mjs';

/** Compares what clients hold with what the provider knows, and keeps count over many comparisons. */
export class Audit {
  counts = {};
  failures = {};

  /** @param changes their ledger is compared as well */
  constructor(provider, changes) {
    Object.assign(this, { provider, changes });
  }

  note(kind, holds, why) {
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
    this.failures[kind] ??= [];
    if (!holds) this.failures[kind].push(why);
  }

  /**
   * Takes the ledger of a load and compares it with the provider in both directions.
   * @param options.refused what its client knows of a credential that was refused: it is still `held`, or the commit may
   *   have succeeded before the connection to the database broke (`doubtful`)
   * @param options.newestSessions how many of the sessions are compared, beside those of the people
   * @returns what was compared
   */
  async compare(load, { refused = 'held', newestSessions = Infinity } = {}) {
    const { chains, sessions } = load.takeLedger();
    if (refused === 'doubtful')
      for (const chain of chains.filter((each) => each.refused))
        Object.assign(chain, { codeIs: 'doubtful', refreshIs: 'doubtful' });
    await this.nothingIsMissing(chains, [...sessions.slice(-newestSessions), ...load.people]);
    await this.nothingComesBack(chains);
    return { chains, sessions };
  }

  /** Nothing that was answered is missing. Changes nothing but that held codes and refresh tokens are used. */
  async nothingIsMissing(chains, sessions) {
    await each(chains, (chain) => this.checkHeld(chain));
    await each(sessions, async (browser) =>
      this.note('sessions', await browser.isLoggedIn(), `of ${browser.username}`),
    );
    await this.changes?.check(this);
  }

  async checkHeld(chain) {
    for (const token of chain.accessTokens) {
      const { status, text } = await this.provider.asClient('/oauth/introspect', { token });
      this.note('accessTokens', status === 200 && JSON.parse(text).active === true, `${status} ${text.slice(0, 80)}`);
    }
    // The client's doubt stays: either is right then.
    const lastSpent = chain.spentRefreshTokens.at(-1);
    if (chain.codeIs === 'held') await this.attempt('codes', () => chain.redeem());
    else if (chain.refreshIs === 'held') await this.attempt('refreshTokens', () => chain.refresh());
    chain.replayable = lastSpent ?? chain.spentRefreshTokens.at(-1);
  }

  async attempt(kind, use) {
    const error = await use().then(
      () => undefined,
      (reason) => reason,
    );
    this.note(kind, error === undefined, error?.message);
  }

  /** Nothing that was spent comes back. Ends the grants: a client that sends a spent credential may be a thief. */
  async nothingComesBack(chains) {
    let turn = 0;
    // One kind per chain: after the first refusal the rest would be refused in any case.
    await each(chains, async (chain) => {
      if (turn++ % 2 === 0 && chain.replayable !== undefined)
        this.refused('spentRefreshTokens', await this.provider.refresh(chain.replayable));
      else if (chain.codeIs === 'spent')
        this.refused('spentCodes', await this.provider.asClient('/oauth/token', chain.redemption()));
    });
  }

  refused(kind, { status, text }) {
    this.note(kind, status === 400 && JSON.parse(text).error === 'invalid_grant', `${status} ${text.slice(0, 80)}`);
  }

  /** One line per kind. @param kinds beside the changes */
  print(report, kinds = Object.keys(namesOfHeld)) {
    for (const kind of [...kinds, ...(this.changes === undefined ? [] : Object.keys(namesOfChanges))])
      report.all(names[kind], this.counts[kind] ?? 0, this.failures[kind] ?? []);
  }
}

const namesOfHeld = {
  accessTokens: 'every access token answered is active',
  codes: 'every code answered and not yet sent is redeemed',
  refreshTokens: 'every refresh token answered and not yet sent refreshes',
  sessions: 'every session answered works',
  spentCodes: 'every code redeemed is spent',
  spentRefreshTokens: 'every refresh token used is spent',
};

const namesOfChanges = {
  accounts: 'every account created can sign in',
  revokedTokens: 'every token revoked is refused',
  revokedGrants: 'every grant revoked is refused',
  disabledUsers: 'every disabled user is refused, with their tokens and sessions',
  enabledUsers: 'every user enabled again can sign in, and nothing from before works again',
  disabledClients: 'every disabled client is refused, with its tokens',
  enabledClients: 'every client enabled again is authorized, and nothing from before works again',
};

const namesOfRepeats = {
  repeatedAnswers: 'every refresh repeated in the retry window gets the same tokens, which work',
  unansweredRefreshes: 'every refresh that was not answered succeeds when it is repeated',
  spentBefore: 'every refresh token whose successor was used is refused, in the retry window as well',
  repeatedTooLate: 'every refresh repeated after the retry window is refused, and ends the grant',
};

const namesOfCopies = {
  answeredBefore: 'copies: every change answered before the copy was begun is in it',
  oneMoment: 'copies: each shows one moment',
};

const names = { ...namesOfHeld, ...namesOfChanges, ...namesOfRepeats, ...namesOfCopies };
