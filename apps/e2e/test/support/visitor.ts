import { createHash, randomBytes } from 'node:crypto';
import type { Person, Stage } from './stage.js';

interface Tokens {
  readonly access_token: string;
  readonly refresh_token?: string;
}

/** Browser and client in one: runs logins over HTTP, without a real browser. */
export class Visitor {
  person: Person | undefined;
  tokens: Tokens | undefined;
  private readonly cookies = new Map<string, string>();
  private redemption: Record<string, string> = {};

  constructor(private readonly stage: Stage) {}

  /** Logs in, consents if required, and redeems the code. @throws if the provider is unavailable */
  async logIn(person: Person): Promise<void> {
    const verifier = randomBytes(32).toString('base64url');
    const redirectUri = `${this.stage.clientUrl}/authorized`;
    let location = `${this.stage.issuer}/oauth/authorize?${new URLSearchParams({
      response_type: 'code',
      client_id: this.stage.registered.client_id,
      redirect_uri: redirectUri,
      scope: 'openid profile offline_access',
      state: 'visitor',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    }).toString()}`;
    for (let step = 0; !location.startsWith(redirectUri); step++) {
      if (step > 10) throw new Error(`the login has too many redirects: ${location}`);
      const response = await this.send(location);
      location = response.headers.get('location') ?? (await this.submit(location, await response.text(), person));
      location = new URL(location, this.stage.issuer).href;
    }
    const code = new URL(location).searchParams.get('code') ?? '';
    this.redemption = { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier };
    const redeemed = await this.token(this.redemption);
    if (redeemed.status !== 200) throw new Error(`redeeming the code returned ${redeemed.status}`);
    this.tokens = (await redeemed.json()) as Tokens;
    this.person = person;
  }

  redeemAgain(): Promise<Response> {
    return this.token(this.redemption);
  }

  refresh(): Promise<Response> {
    return this.token({ grant_type: 'refresh_token', refresh_token: this.tokens?.refresh_token ?? '' });
  }

  async username(): Promise<unknown> {
    const response = await fetch(`${this.stage.issuer}/api/me`, {
      headers: { authorization: `Bearer ${this.tokens?.access_token}` },
    });
    return ((await response.json()) as { username?: unknown }).username;
  }

  async introspect(token: string): Promise<unknown> {
    return (await this.asClient('/oauth/introspect', { token })).json();
  }

  async isLoggedIn(): Promise<boolean> {
    return (await this.send(`${this.stage.issuer}/home`)).status === 200;
  }

  private token(parameters: Record<string, string>): Promise<Response> {
    return this.asClient('/oauth/token', parameters);
  }

  private asClient(path: string, parameters: Record<string, string>): Promise<Response> {
    const { client_id, client_secret } = this.stage.registered;
    const authorization = `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}`;
    return fetch(this.stage.issuer + path, {
      method: 'POST',
      headers: { authorization },
      body: new URLSearchParams(parameters),
    });
  }

  /** Submits the form of the page with its hidden fields and the user's input. */
  private async submit(address: string, page: string, person: Person): Promise<string> {
    const form = new URLSearchParams();
    for (const [tag] of page.matchAll(/<input type="hidden"[^>]*>/g)) {
      const [, name = '', value = ''] = /name="([^"]*)" value="([^"]*)"/.exec(tag) ?? [];
      form.set(name, value);
    }
    if (page.includes('name="password"')) {
      form.set('username', person.username);
      form.set('password', person.password);
    } else form.set('confirm', 'yes');
    const path = /<form method="post" action="([^"]+)"/.exec(page)?.[1] ?? '';
    const response = await this.send(new URL(path, address).href, form);
    const location = response.headers.get('location');
    if (location === null) throw new Error(`${path} returned ${response.status}`);
    return location;
  }

  private async send(address: string, form?: URLSearchParams): Promise<Response> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(address, {
      redirect: 'manual',
      headers: { cookie, accept: 'text/html', ...(form ? { origin: this.stage.issuer } : {}) },
      ...(form ? { method: 'POST', body: form } : {}),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      this.cookies.set(name, value);
    }
    return response;
  }
}
