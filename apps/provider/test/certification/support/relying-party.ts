import { createHash } from 'node:crypto';
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet, type JWTPayload } from 'jose';
import { Browser, formOf, send, type Answer } from '../../support/browser';
import { pkce, type TestProvider } from '../../support/provider';
import { register, type RegisteredClient } from '../../support/registration';
import { SetClientState } from '../../../src/clients/operations/set-client-state';

export const callback = 'https://rp.certification.test/callback';
export type ResponseMode = 'default' | 'form_post';

/** What one authorization answer gave. */
export interface Given {
  readonly parameters: ReadonlyMap<string, string>;
  /** Where the parameters stood. */
  readonly by: 'query' | 'fragment' | 'form_post';
}

/** Everything that one login ended in, each part checked as a relying party must. */
export interface LoggedIn {
  readonly given: Given;
  readonly code: string | undefined;
  readonly verifier: string;
  readonly frontIdToken: JWTPayload | undefined;
  readonly idTokenText: string;
  readonly idToken: JWTPayload;
  readonly accessToken: string | undefined;
  readonly tokenAnswer: Answer | undefined;
}

/**
 * A strict relying party, as a conformance suite plays one: it registers itself, asks, and believes nothing of an answer
 * that it did not check (OpenID Connect Core 3.1.3.7, 3.2.2.11, 3.3.2.9 to 3.3.2.12).
 */
export class RelyingParty {
  private requests = 0;

  private constructor(
    readonly provider: TestProvider,
    readonly responseType: string,
    readonly responseMode: ResponseMode,
    readonly client: RegisteredClient,
    readonly metadata: Readonly<Record<string, unknown>>,
  ) {}

  static async register(
    provider: TestProvider,
    responseType: string,
    responseMode: ResponseMode = 'default',
    metadata: object = {},
  ): Promise<RelyingParty> {
    const words = responseType.split(' ');
    const answer = await register(provider, {
      client_name: 'Certification',
      redirect_uris: [callback],
      response_types: [responseType],
      grant_types: [
        ...(words.includes('code') ? ['authorization_code', 'refresh_token'] : []),
        ...(words.includes('id_token') || words.includes('token') ? ['implicit'] : []),
      ],
      contacts: ['certification@rp.certification.test'],
      ...metadata,
    });
    expect(answer.status).toBe(201);
    // An error of an unapproved client is shown on a page, and no redirect (RFC 9700 4.11.2).
    const { client_id: id } = answer.json<RegisteredClient>();
    await provider.execute(SetClientState, { id, decision: 'approve' });
    const discovery = await send(`${provider.base}/.well-known/openid-configuration`);
    return new RelyingParty(provider, responseType, responseMode, answer.json<RegisteredClient>(), discovery.json());
  }

  get words(): readonly string[] {
    return this.responseType.split(' ');
  }

  endpoint(name: string): string {
    return String(this.metadata[`${name}_endpoint`]);
  }

  /** The parameters of a request, state, nonce and PKCE among them. */
  request(overrides: Readonly<Record<string, string | undefined>> = {}): {
    parameters: Record<string, string>;
    verifier: string;
  } {
    const proof = pkce();
    const number = ++this.requests;
    const all: Record<string, string | undefined> = {
      client_id: this.client.client_id,
      response_type: this.responseType,
      redirect_uri: callback,
      scope: 'openid',
      state: `state-${number}`,
      nonce: `nonce-${number}`,
      ...(this.words.includes('code') ? { code_challenge: proof.challenge, code_challenge_method: 'S256' } : {}),
      ...(this.responseMode === 'form_post' ? { response_mode: 'form_post' } : {}),
      ...overrides,
    };
    const parameters = Object.fromEntries(
      Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
    return { parameters, verifier: proof.verifier };
  }

  url(parameters: Readonly<Record<string, string>>): string {
    return `${this.endpoint('authorization')}?${new URLSearchParams(parameters).toString()}`;
  }

  /** Opens a request; logs the person in and says yes where that is asked for. Undefined person: nobody answers pages. */
  async ask(
    browser: Browser,
    parameters: Readonly<Record<string, string>>,
    person?: { readonly username: string; readonly password: string },
  ): Promise<Given> {
    let page = await browser.open(this.url(parameters));
    if (person && page.status === 200 && page.text.includes('name="password"'))
      page = await browser.submit({ username: person.username, password: person.password });
    if (person && page.status === 200 && page.text.includes('name="confirm"'))
      page = await browser.submit({ confirm: 'yes' });
    return given(page);
  }

  /** A whole login, with every check that the flow has. */
  async logIn(
    browser: Browser,
    person: { readonly username: string; readonly password: string },
    overrides: Readonly<Record<string, string | undefined>> = {},
  ): Promise<LoggedIn> {
    const { parameters, verifier } = this.request(overrides);
    return this.finish(await this.ask(browser, parameters, person), parameters, verifier);
  }

  /** Checks an answer and redeems its code. */
  async finish(answer: Given, parameters: Readonly<Record<string, string>>, verifier: string): Promise<LoggedIn> {
    const { words } = this;
    const direct = words.includes('id_token') || words.includes('token');
    // OAuth 2.0 Multiple Response Types 3 and 5, Form Post Response Mode 2
    expect(answer.by).toBe(this.responseMode === 'form_post' ? 'form_post' : direct ? 'fragment' : 'query');
    const of = (name: string): string | undefined => answer.parameters.get(name);
    expect(of('error')).toBeUndefined();
    expect(of('state')).toBe(parameters['state']);
    expect(of('iss')).toBe(this.provider.issuer);
    expect(of('code') !== undefined).toBe(words.includes('code'));
    expect(of('id_token') !== undefined).toBe(words.includes('id_token'));
    expect(of('access_token') !== undefined).toBe(words.includes('token'));
    const code = of('code');
    const frontAccessToken = of('access_token');
    if (frontAccessToken !== undefined) {
      expect(of('token_type')).toBe('Bearer');
      expect(Number(of('expires_in'))).toBeGreaterThan(0);
    }
    const front = of('id_token');
    const frontIdToken =
      front === undefined
        ? undefined
        : await this.checkIdToken(front, parameters, {
            code,
            accessToken: frontAccessToken,
            state: parameters['state'],
          });
    if (code === undefined)
      return {
        given: answer,
        code,
        verifier,
        frontIdToken,
        idTokenText: front ?? '',
        idToken: frontIdToken ?? {},
        accessToken: frontAccessToken,
        tokenAnswer: undefined,
      };
    const tokenAnswer = await this.redeem(code, verifier);
    expect(tokenAnswer.status).toBe(200);
    // RFC 6749 5.1
    expect(tokenAnswer.headers['cache-control']).toContain('no-store');
    const body = tokenAnswer.json<{ access_token: string; token_type: string; id_token: string }>();
    expect(body.token_type.toLowerCase()).toBe('bearer');
    const idToken = await this.checkIdToken(body.id_token, parameters, { accessToken: body.access_token });
    if (frontIdToken) {
      // OpenID Connect Core 3.3.3.6
      expect(idToken.iss).toBe(frontIdToken.iss);
      expect(idToken.sub).toBe(frontIdToken.sub);
    }
    return {
      given: answer,
      code,
      verifier,
      frontIdToken,
      idTokenText: body.id_token,
      idToken,
      accessToken: body.access_token,
      tokenAnswer,
    };
  }

  redeem(code: string, verifier: string, client: RegisteredClient = this.client): Promise<Answer> {
    return send(this.endpoint('token'), {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        code,
        redirect_uri: callback,
        code_verifier: verifier,
      }).toString(),
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Authorization: basic(client) },
    });
  }

  userinfo(accessToken: string, by: 'GET' | 'POST header' | 'POST body' = 'GET'): Promise<Answer> {
    const url = this.endpoint('userinfo');
    const bearer = { Authorization: `Bearer ${accessToken}` };
    if (by === 'GET') return send(url, { headers: bearer });
    if (by === 'POST header') return send(url, { method: 'POST', body: '', headers: bearer });
    return send(url, {
      method: 'POST',
      body: new URLSearchParams({ access_token: accessToken }).toString(),
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    });
  }

  async keys(): Promise<JSONWebKeySet> {
    return (await send(String(this.metadata['jwks_uri']))).json<JSONWebKeySet & Record<string, unknown>>();
  }

  private async checkIdToken(
    text: string,
    parameters: Readonly<Record<string, string>>,
    company: { code?: string | undefined; accessToken?: string | undefined; state?: string | undefined },
  ): Promise<JWTPayload> {
    const now = this.provider.clock.now();
    const { payload, protectedHeader } = await jwtVerify(text, createLocalJWKSet(await this.keys()), {
      issuer: this.provider.issuer,
      audience: this.client.client_id,
      currentDate: new Date(now * 1000),
    });
    expect(protectedHeader.alg).toBe(this.client['id_token_signed_response_alg']);
    expect(protectedHeader.kid).toEqual(expect.any(String));
    expect(payload.iat).toBeLessThanOrEqual(now);
    expect(payload.exp).toBeGreaterThan(now);
    expect(String(payload.sub).length).toBeLessThanOrEqual(255);
    expect(payload['nonce']).toBe(parameters['nonce']);
    if (parameters['max_age'] !== undefined) expect(payload['auth_time']).toEqual(expect.any(Number));
    for (const [claim, value] of [
      ['at_hash', company.accessToken],
      ['c_hash', company.code],
      ['s_hash', company.state],
    ] as const)
      if (value !== undefined) expect(payload[claim]).toBe(leftHalf(value));
    return payload;
  }
}

/** The left half of the SHA-256, as RS256 and ES256 have it. */
function leftHalf(value: string): string {
  return createHash('sha256').update(value).digest().subarray(0, 16).toString('base64url');
}

export function basic(client: RegisteredClient): string {
  const pair = `${encodeURIComponent(client.client_id)}:${encodeURIComponent(String(client.client_secret))}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

/** The answer in a redirect to the callback, or in a form that submits itself there. */
export function given(answer: Answer): Given {
  if (answer.location?.startsWith(callback) === true) {
    const url = new URL(answer.location);
    const by = url.hash === '' ? 'query' : 'fragment';
    return { by, parameters: new Map(new URLSearchParams(by === 'query' ? url.search : url.hash.slice(1))) };
  }
  const form = formOf(answer.text);
  if (form.action !== callback)
    throw new Error(
      `no answer to the client but ${answer.status} ${answer.location ?? ''}: ${answer.text.slice(0, 600)}`,
    );
  return { by: 'form_post', parameters: new Map(form.fields) };
}

/** A provider as a conformance suite meets one: https, PKCE left to clients, anyone may register. */
export const certificationSettings = {
  GATEHOUSE_PKCE: 'public',
  GATEHOUSE_REGISTRATION: 'open',
  GATEHOUSE_REGISTRATION_RATE: '10000/60',
};
