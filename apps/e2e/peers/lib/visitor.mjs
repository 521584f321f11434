import { createHash, randomBytes } from 'node:crypto';
import { Person } from '../../chaos/lib/person.mjs';
import { Unexpected } from '../../chaos/lib/unexpected.mjs';

/** A person with an account and a browser, who allows a client what it asks for, and logs out where it asks for that. */
export class Visitor extends Person {
  static async loggedIn(site, username) {
    await Visitor.signUp(site, username);
    const visitor = new Visitor(site, username);
    await visitor.logIn();
    return visitor;
  }

  /** Opens a link to the provider. @returns the address at the client that it ends at */
  async follow(link) {
    let url = new URL(link);
    for (let step = 0; step < 10; step++) {
      if (url.origin !== this.provider.base) return url.href;
      const path = url.pathname + url.search;
      const page = await this.send(path);
      const { location } = this.submitted(path, page.status === 200 ? await this.confirm(path, page.text) : page);
      url = new URL(location, this.provider.base);
    }
    throw new Error(`${link} leads nowhere`);
  }

  /** Logs in at the client by the code flow with PKCE. @returns what the token endpoint answers */
  async tokens(parameters) {
    const { client, base } = this.provider;
    const verifier = randomBytes(32).toString('base64url');
    const { client_id, redirect_uri } = client;
    const query = new URLSearchParams({
      response_type: 'code',
      client_id,
      redirect_uri,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...parameters,
    });
    const reached = new URL(await this.follow(`${base}/oauth/authorize?${query}`));
    const code = reached.searchParams.get('code');
    const grant = { grant_type: 'authorization_code', code, redirect_uri, code_verifier: verifier };
    const answer = await this.provider.asClient('/oauth/token', grant);
    if (answer.status !== 200) throw new Unexpected('/oauth/token', answer);
    return JSON.parse(answer.text);
  }

  confirm(path, page) {
    return this.sendForm(path, page, path.startsWith('/oauth/logout') ? { logout: 'yes' } : { confirm: 'yes' });
  }
}
