import { createHash, randomBytes } from 'node:crypto';
import { Chain } from './chain.mjs';
import { Unexpected } from './unexpected.mjs';

export const password = 'correct horse battery staple';

/** Somebody with an account, and a browser without a window. */
export class Person {
  cookies = new Map();

  constructor(provider, username) {
    this.provider = provider;
    this.username = username;
  }

  static async signUp(provider, username) {
    const person = new Person(provider, username);
    await person.submitForm('/sign-up', { username, password });
    return person;
  }

  /** The same person with a browser of their own. */
  another() {
    return new Person(this.provider, this.username);
  }

  /** A browser with the same cookies: what it is answered does not change those of this one. */
  copy(site = this.provider) {
    return Object.assign(new Person(site, this.username), { cookies: new Map(this.cookies) });
  }

  async logIn() {
    await (
      await this.prepareLogin()
    )();
  }

  /** Opens the login page. @returns what sends the form, filled in */
  async prepareLogin() {
    const page = await this.openPage('/login');
    return async () =>
      this.submitted('/login', await this.sendForm('/login', page.text, { username: this.username, password }));
  }

  async isLoggedIn() {
    return (await this.send('/home')).status === 200;
  }

  /** Goes the way to the code, consent included where it is asked for. */
  async authorize() {
    const { client } = this.provider;
    const verifier = randomBytes(32).toString('base64url');
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: client.client_id,
      redirect_uri: client.redirect_uri,
      scope: 'openid profile offline_access',
      state: 'chaos',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    });
    let path = `/oauth/authorize?${query}`;
    for (let step = 0; step < 10; step++) {
      const answer = await this.send(path);
      const { location } = answer.status === 200 ? await this.consent(path, answer.text) : this.submitted(path, answer);
      const target = new URL(location, this.provider.base);
      if (target.href.startsWith(client.redirect_uri)) {
        const code = target.searchParams.get('code');
        if (code === null) throw new Unexpected(target.href, answer);
        return new Chain(this.provider, code, verifier);
      }
      path = target.pathname + target.search;
    }
    throw new Error('the login goes round');
  }

  async openPage(path) {
    const page = await this.send(path);
    if (page.status !== 200) throw new Unexpected(path, page);
    return page;
  }

  async consent(path, page) {
    return this.submitted(path, await this.sendForm(path, page, { confirm: 'yes' }));
  }

  async submitForm(path, fields) {
    const page = await this.openPage(path);
    return this.submitted(path, await this.sendForm(path, page.text, fields));
  }

  submitted(path, answer) {
    if (answer.status !== 303 && answer.status !== 302) throw new Unexpected(path.split('?')[0], answer);
    return answer.headers;
  }

  /** Sends the page's form with its hidden fields. */
  sendForm(path, page, fields) {
    const form = {};
    for (const [tag] of page.matchAll(/<input type="hidden"[^>]*>/g)) {
      const [, name = '', value = ''] = /name="([^"]*)" value="([^"]*)"/.exec(tag) ?? [];
      form[name] = value;
    }
    const action = /<form method="post" action="([^"]+)"/.exec(page)?.[1]?.replaceAll('&amp;', '&') ?? path;
    return this.send(action, { ...form, ...fields });
  }

  async send(path, form) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await this.provider.http.send(path, {
      form,
      headers: { cookie, accept: 'text/html', ...(form === undefined ? {} : { origin: this.provider.base }) },
    });
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      this.cookies.set(name, value);
    }
    return answer;
  }
}
