import { Http } from './http.mjs';

/** An address where a provider, or a proxy in front of several, is reached, and the client that is registered there. */
export class Site {
  /** @param connection  as of {@link Http} */
  constructor(base, connection) {
    this.base = base;
    this.http = new Http(base, connection);
  }

  /** The same address for another client. */
  withClient(client) {
    return Object.create(this, { client: { value: client } });
  }

  /** POSTs as the registered client. */
  asClient(path, form) {
    const { client_id, client_secret } = this.client;
    const authorization = `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}`;
    return this.http.send(path, { form, headers: { authorization } });
  }

  refresh(token) {
    return this.asClient('/oauth/token', { grant_type: 'refresh_token', refresh_token: token });
  }
}
