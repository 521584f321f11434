import { Audit } from './audit.mjs';

/** Copies of a database that are made under load, with what was known before and after each. */
export class Copies {
  list = [];

  constructor({ provider, load, changes }) {
    Object.assign(this, { provider, load, changes, audit: new Audit(provider) });
  }

  /** @param make makes the copy @returns its answer */
  async take(name, url, make) {
    const chains = this.load.chains.slice(-60).map((chain) => chain.frozen());
    const sessions = [...this.load.sessions.slice(-5), ...this.load.people];
    const began = Date.now();
    const answer = await make();
    this.list.push({ name, url, began, ended: Date.now(), chains, sessions });
    return answer;
  }

  /** Runs the provider on each copy in turn, which must show one moment, and then on its own database again. */
  async check(report) {
    const { provider, audit } = this;
    const own = provider.environment.GATEHOUSE_DATABASE_URL;
    await provider.end('SIGTERM');
    for (const { chains, sessions, ...copy } of this.list) {
      provider.environment.GATEHOUSE_DATABASE_URL = copy.url;
      await provider.start();
      await audit.nothingIsMissing(
        chains,
        sessions.map((browser) => browser.copy()),
      );
      await audit.nothingComesBack(chains);
      const { made, missing } = await this.changes.checkCopy(audit, copy);
      report.note(
        `${copy.name}: ${copy.ended - copy.began} ms, ${made} of ${made + missing} changes of that time are in it`,
      );
      await provider.end('SIGTERM');
    }
    provider.environment.GATEHOUSE_DATABASE_URL = own;
    await provider.start();
    const kinds = ['accessTokens', 'sessions', 'spentCodes', 'spentRefreshTokens'];
    audit.print(report, [...kinds, 'answeredBefore', 'oneMoment']);
    // The last copy may have ended after the last change.
    report.all(
      'copies: no change begun after the copy ended is in it',
      this.list.length,
      audit.failures.begunAfter ?? [],
    );
  }
}
