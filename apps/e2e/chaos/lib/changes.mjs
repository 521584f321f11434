import { AdminApi } from './admin-api.mjs';
import {
  clientDisabled,
  clientEnabled,
  signsIn,
  tokenRevoked,
  grantRevoked,
  userDisabled,
  userEnabled,
} from './change-checks.mjs';
import { password, Person } from './person.mjs';
import { each, pause } from './time.mjs';
import { Unexpected } from './unexpected.mjs';

/** Within this time every process knows of a change to a client. */
const everywhereMilliseconds = 1_000;

/**
 * One worker that changes what others rely on: it creates accounts, revokes tokens, and disables and enables users and
 * clients, one after the other, with a ledger of the changes that were answered.
 */
export class Changes {
  /** In the order in which they were answered, each before the next began. */
  entries = [];
  /** Those that no check has looked at yet. */
  unchecked = 0;
  turn = 0;
  made = 0;
  spare = { chains: [], users: [], clients: [] };
  disabled = { users: [], clients: [] };
  /** Each kind early; of those that are disabled, half stay so. */
  steps = [
    () => this.createAccount(),
    () => this.disableUser(),
    () => this.disableClient(),
    () => this.revokeToken(),
    () => this.enableUser(),
    () => this.enableClient(),
    () => this.revokeGrant(),
    () => this.disableUser(),
    () => this.disableClient(),
    () => this.createAccount(),
    () => this.revokeToken(),
  ];

  /** @param site has the credentials of a client of its own for the administration API as `admin` */
  static async of(site, name = 'changes') {
    const changes = new Changes();
    const person = await Person.signUp(site, `${name}-self`);
    Object.assign(changes, { site, name, person, api: new AdminApi(site) });
    await changes.prepare(1);
    return changes;
  }

  /** Makes what the next steps change, so that a short load consists of changes. */
  async prepare(count = 2) {
    const { chains, users, clients } = this.spare;
    while (chains.length < count + 1) chains.push(await this.makeChain());
    while (users.length < count) users.push(await this.makeUser());
    while (clients.length < count) clients.push(await this.makeClient());
  }

  /** One change; the same again where it was not answered. @throws Unanswered, Unexpected: then it is not in the ledger */
  async step() {
    await this.steps[this.turn % this.steps.length]();
    this.turn += 1;
  }

  /** @param ready when that which is changed was complete: in a database from before it, there is nothing to verify */
  async record(kind, { verify, act, ready = 0 }) {
    const began = Date.now();
    await act();
    this.entries.push({ kind, verify, ready, began, answered: Date.now() });
  }

  async createAccount() {
    const username = this.nextName();
    await this.record('accounts', {
      verify: () => signsIn(this.site, username),
      act: () => Person.signUp(this.site, username),
    });
  }

  async revokeToken() {
    const chain = this.spare.chains.shift() ?? (await this.makeChain());
    const [token] = chain.accessTokens;
    await this.record('revokedTokens', {
      ready: chain.ready,
      verify: () => tokenRevoked(chain),
      act: () => this.revoke(token),
    });
  }

  async revokeGrant() {
    const chain = this.spare.chains.shift() ?? (await this.makeChain());
    await this.record('revokedGrants', {
      ready: chain.ready,
      verify: () => grantRevoked(chain),
      act: () => this.revoke(chain.refreshToken),
    });
  }

  async revoke(token) {
    const answer = await this.site.asClient('/oauth/revoke', { token });
    if (answer.status !== 200) throw new Unexpected('/oauth/revoke', answer);
  }

  async disableUser() {
    const user = this.spare.users.shift() ?? (await this.makeUser());
    await this.record('disabledUsers', {
      ready: user.chain.ready,
      verify: () => userDisabled(user),
      act: () => this.api.post(`users/${user.id}/disable`),
    });
    this.disabled.users.push(user);
  }

  async enableUser() {
    const user = this.disabled.users.shift();
    if (user === undefined) return;
    user.mayBeEnabled = true;
    await this.record('enabledUsers', {
      ready: user.chain.ready,
      verify: () => userEnabled(user),
      act: () => this.api.post(`users/${user.id}/enable`),
    });
  }

  async disableClient() {
    const client = this.spare.clients.shift() ?? (await this.makeClient());
    await this.record('disabledClients', {
      ready: client.chain.ready,
      verify: () => clientDisabled(client),
      act: () => this.api.post(`clients/${client.id}/disable`),
    });
    this.disabled.clients.push(client);
  }

  async enableClient() {
    const client = this.disabled.clients.shift();
    if (client === undefined) return;
    client.mayBeEnabled = true;
    await this.record('enabledClients', {
      ready: client.chain.ready,
      verify: () => clientEnabled(client),
      act: () => this.api.post(`clients/${client.id}/enable`),
    });
  }

  async makeChain(person = this.person) {
    const chain = await person.authorize();
    await chain.redeem();
    chain.ready = Date.now();
    return chain;
  }

  async makeUser() {
    const username = this.nextName();
    const { id } = await this.api.post('users', { username, password });
    const browser = new Person(this.site, username);
    await browser.logIn();
    return { id, username, browser, chain: await this.makeChain(browser), api: this.api };
  }

  async makeClient() {
    const { redirect_uri } = this.site.client;
    const made = await this.api.post('clients', {
      client_name: this.nextName(),
      redirect_uris: [redirect_uri],
      grant_types: ['authorization_code', 'refresh_token'],
      scope: 'openid profile offline_access',
      refresh_token_rotation: 'always',
    });
    const site = this.site.withClient({ ...made, redirect_uri });
    const browser = this.person.copy(site);
    return { id: made.client_id, browser, chain: await this.makeChain(browser), api: this.api };
  }

  nextName() {
    return `${this.name}-${this.made++}`;
  }

  /**
   * Whether a copy of the database, on which the site runs now, shows one moment: what was answered before the copy was
   * begun is in it, what began after it ended is not, and nothing is in it that was made later than what is missing.
   */
  async checkCopy(audit, { name, began, ended }) {
    const judged = this.entries.filter(({ ready }) => ready < began);
    const before = judged.filter(({ answered }) => answered < began).slice(-30);
    const meanwhile = judged.filter((entry) => entry.answered >= began && entry.began <= ended);
    const after = judged.filter((entry) => entry.began > ended).slice(0, 10);
    const entries = [...before, ...meanwhile, ...after];
    const found = new Map();
    await each(entries, async (entry) => found.set(entry, await entry.verify()));
    for (const entry of before)
      audit.note('answeredBefore', found.get(entry) === 'done', `${name}: ${entry.kind} ${found.get(entry)}`);
    for (const entry of after)
      audit.note('begunAfter', found.get(entry) === 'not done', `${name}: ${entry.kind} ${found.get(entry)}`);
    const words = meanwhile.map((entry) => found.get(entry));
    const made = words.filter((word) => word === 'done').length;
    const isPrefix = words.every((word, index) => word === (index < made ? 'done' : 'not done'));
    audit.note('oneMoment', isPrefix, `${name}: ${words.join(', ')}`);
    return { made, missing: words.length - made };
  }

  /** Whether what was answered holds: everything since the last check, and some of what was answered before. */
  async check(audit, { all = false } = {}) {
    const last = this.entries.at(-1);
    if (last !== undefined) await pause(Math.max(0, last.answered + everywhereMilliseconds - Date.now()));
    const before = this.entries.slice(0, this.unchecked);
    const sample = all ? before : before.filter(() => Math.random() * before.length < 8);
    const since = this.entries.slice(this.unchecked);
    this.unchecked = this.entries.length;
    await each([...sample, ...since], async (entry) => {
      const found = await entry.verify();
      audit.note(entry.kind, found === 'done', `answered ${new Date(entry.answered).toISOString()}: ${found}`);
    });
  }
}
