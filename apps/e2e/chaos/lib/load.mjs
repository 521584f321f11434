import { Unanswered } from './http.mjs';
import { Unexpected } from './unexpected.mjs';
import { between, eventually, pause } from './time.mjs';

/** So many changes have one of each kind among them. */
const everyKind = 8;

/** Logins, refreshes and changes by several workers at once, with a ledger of everything that was answered. */
export class Load {
  chains = [];
  /** Browsers whose login was answered. */
  sessions = [];
  requests = { answered: 0, unavailable: 0, unanswered: 0 };
  /** What should never happen, whatever is broken: other answers than success and a 503 that says when to come back. */
  faults = [];
  running = false;
  /** While the provider says that it is not ready, it may answer with any error of a server. */
  lenient = false;
  begun = 0;

  /**
   * @param people each is a worker with a live session; the last one only logs in, again and again, which keeps a core
   *   busy with a password, unless `logins` is false
   * @param options.changes one more worker, with a ledger of its own (see Changes)
   */
  constructor(people, { tolerant = false, afterUnavailable = 50, logins = true, changes } = {}) {
    Object.assign(this, { people, tolerant, afterUnavailable, logins, changes });
  }

  begin() {
    this.running = true;
    const loggingIn = this.logins ? this.people.at(-1) : undefined;
    this.workers = this.people.map((person) =>
      this.repeat(() => (person === loggingIn ? this.logIn(person) : this.goThrough(person))),
    );
    if (this.changes !== undefined) this.workers.push(this.repeat(() => this.change()));
  }

  /** Waits for so many more responses, and for some changes where there are any. @throws when they do not come in time */
  async waitForMore(responses, milliseconds, changes) {
    if (!(await this.goesOn(responses, milliseconds, changes)))
      throw new Error(`waited ${milliseconds} ms in vain: ${responses} more responses under load`);
  }

  /** The same. @returns whether they came */
  goesOn(responses, milliseconds, changes = everyKind) {
    const { answered } = this.requests;
    const made = this.changes?.entries.length;
    return eventually(
      () =>
        this.requests.answered >= answered + responses &&
        (made === undefined || this.changes.entries.length >= made + changes),
      milliseconds,
    );
  }

  /** Begins nothing new, and waits for what was begun. */
  async end() {
    this.running = false;
    await Promise.all(this.workers);
  }

  /** The ledger so far, and a new one. */
  takeLedger() {
    const { chains, sessions } = this;
    this.chains = [];
    this.sessions = [];
    return { chains, sessions };
  }

  async repeat(step) {
    while (this.running)
      try {
        await step();
      } catch (error) {
        await this.judge(error);
      }
  }

  async judge(error) {
    if (error instanceof Unanswered) {
      this.requests.unanswered += 1;
      if (error.timedOut) this.faults.push(error.message);
      await pause(10);
      return;
    }
    const answer = error instanceof Unexpected ? error.answer : undefined;
    if (this.lenient && answer?.status >= 500) {
      this.requests.unavailable += 1;
      await pause(this.afterUnavailable);
      return;
    }
    if (this.tolerant && answer?.status === 503 && answer.headers['retry-after'] !== undefined) {
      this.requests.unavailable += 1;
      await pause(this.afterUnavailable);
      return;
    }
    this.faults.push(
      answer?.status === 503 ? `${error.message} (Retry-After: ${answer.headers['retry-after']})` : error.message,
    );
    await pause(20);
  }

  async goThrough(person) {
    const chain = await person.authorize();
    chain.person = person;
    this.chains.push(chain);
    this.requests.answered += 1;
    // Some codes stay with the client, one of the first among them: they must be good after whatever comes.
    if (this.begun++ % 10 === 2) return;
    await chain.redeem();
    this.requests.answered += 1;
    for (let left = between(0, 3); left > 0 && this.running; left--) {
      await chain.refresh();
      this.requests.answered += 1;
    }
  }

  async change() {
    await this.changes.step();
    this.requests.answered += 1;
  }

  async logIn(person) {
    const browser = person.another();
    await browser.logIn();
    this.sessions.push(browser);
    this.requests.answered += 1;
  }
}
