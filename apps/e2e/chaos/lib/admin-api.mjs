import { Unexpected } from './unexpected.mjs';

const path = '/api/admin/v1';
/** Well below the lifetime of an access token. */
const tokenMilliseconds = 5 * 60_000;

/** The administration API, called as the client `site.admin` (client credentials). */
export class AdminApi {
  constructor(site) {
    this.site = site;
  }

  /** @returns the JSON of the answer @throws Unexpected */
  async post(resource, json) {
    const answer = await this.send(resource, { method: 'POST', json });
    if (answer.status >= 300) throw new Unexpected(`${path}/${resource}`, answer);
    return JSON.parse(answer.text);
  }

  /** @returns the JSON of the answer, or undefined for 404 @throws Unexpected */
  async find(resource) {
    const answer = await this.send(resource);
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw new Unexpected(`${path}/${resource}`, answer);
    return JSON.parse(answer.text);
  }

  async send(resource, options) {
    const answer = await this.sendWithToken(resource, options);
    if (answer.status !== 401) return answer;
    // A database from before the token was issued does not know it.
    this.token = undefined;
    return this.sendWithToken(resource, options);
  }

  async sendWithToken(resource, options) {
    if (this.token === undefined || Date.now() > this.tokenUntil) await this.requestToken();
    const headers = { authorization: `Bearer ${this.token}` };
    return this.site.http.send(`${path}/${resource}`, { ...options, headers });
  }

  async requestToken() {
    const { site } = this;
    const form = { grant_type: 'client_credentials', scope: 'gatehouse:admin' };
    const answer = await site.withClient(site.admin).asClient('/oauth/token', form);
    if (answer.status !== 200) throw new Unexpected('/oauth/token', answer);
    this.token = JSON.parse(answer.text).access_token;
    this.tokenUntil = Date.now() + tokenMilliseconds;
  }
}
