import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '@gatehouse/platform/clock';

/** How the provider answers; tests change it as they go. */
export interface Behaviour {
  claims: Record<string, unknown>;
  userinfo: Record<string, unknown>;
  expiresIn: number;
  /** Members that replace those of the ID token. */
  idTokenOverride: Record<string, unknown>;
  signature: 'right' | 'wrong';
  /** Replaces `iss` of the authorization response; null leaves it out. */
  responseIssuer: string | null | undefined;
  /** Answer of the authorization endpoint instead of a code. */
  authorizationError: { error: string; error_description?: string } | undefined;
  /** Answer of the token endpoint. */
  tokenFailure: { status: number; body: unknown } | undefined;
  refreshFailure: { status: number; body: unknown } | undefined;
  /** Happens between the refresh and its answer. */
  duringRefresh: (() => Promise<void>) | undefined;
  issueRefreshToken: boolean;
  /** What a refresh answers with: a new refresh token, the same one, or none because the old one stays valid (RFC 6749 6). */
  refreshAnswers: 'new' | 'same' | 'none';
  discovery: 'right' | 'missing' | 'other issuer';
  /** Members that replace those of the metadata. */
  metadataOverride: Record<string, unknown>;
  /** Members that replace those of the token response. */
  tokenOverride: Record<string, unknown>;
  /** What signs ID tokens and logout tokens. */
  algorithm: 'ES256' | 'RS256';
  /** Access tokens that the API refuses. */
  revoked: Set<string>;
  /** Answers nothing any more. */
  away: boolean;
}

interface IssuedCode {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly challenge: string;
  readonly nonce: string;
  readonly scope: string;
}

// One for all providers of a suite: it takes longer to generate than everything else takes to start.
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** A small OpenID provider that is strict about what it is sent, and wrong in what it sends when a test says so. */
export class TestProvider {
  readonly clientId = 'the-client';
  readonly clientSecret = 'a secret: with % and spaces';
  readonly behaviour: Behaviour = {
    claims: {},
    userinfo: { preferred_username: 'alice', email: 'alice@example.org' },
    expiresIn: 300,
    idTokenOverride: {},
    signature: 'right',
    responseIssuer: undefined,
    authorizationError: undefined,
    tokenFailure: undefined,
    refreshFailure: undefined,
    duringRefresh: undefined,
    issueRefreshToken: true,
    refreshAnswers: 'new',
    discovery: 'right',
    metadataOverride: {},
    tokenOverride: {},
    algorithm: 'ES256',
    revoked: new Set(),
    away: false,
  };
  /** What was asked, as `METHOD path`. */
  readonly requests: string[] = [];
  refreshes = 0;
  lastAuthorization: URLSearchParams | undefined;
  lastLogout: URLSearchParams | undefined;

  private readonly key: KeyObject;
  private readonly otherKey: KeyObject;
  private readonly rsaKey: KeyObject;
  private readonly jwks: readonly object[];
  private readonly codes = new Map<string, IssuedCode>();
  private readonly accessTokens = new Map<string, number>();
  private readonly refreshTokens = new Map<string, string>();
  private readonly server: Server;
  issuer = '';

  constructor(private readonly clock: Clock) {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.key = pair.privateKey;
    this.otherKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    this.rsaKey = rsa.privateKey;
    this.jwks = [
      { ...pair.publicKey.export({ format: 'jwk' }), kid: 'k1', use: 'sig', alg: 'ES256' },
      { ...rsa.publicKey.export({ format: 'jwk' }), kid: 'k2', use: 'sig', alg: 'RS256' },
    ];
    this.server = createServer((request, response) => {
      void this.answer(request, response).catch((error: unknown) => {
        response.writeHead(500).end(String(error));
      });
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.issuer = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.issuer);
    this.requests.push(`${request.method} ${url.pathname}`);
    if (this.behaviour.away) {
      request.socket.destroy();
      return;
    }
    switch (url.pathname) {
      case '/.well-known/openid-configuration':
        return this.discover(response);
      case '/jwks':
        return json(response, 200, { keys: this.jwks });
      case '/authorize':
        return this.authorize(url, response);
      case '/token':
        return this.token(request, new URLSearchParams(await bodyOf(request)), response);
      case '/userinfo':
        return this.userinfo(request, response);
      case '/api/me':
        return this.me(request, response);
      case '/end-session':
        return this.endSession(url, response);
      default:
        response.writeHead(404).end();
    }
  }

  /** OpenID Connect RP-Initiated Logout 1.0, 3: back to the address, with the state. */
  private endSession({ searchParams: sent }: URL, response: ServerResponse): void {
    this.lastLogout = sent;
    const back = new URL(sent.get('post_logout_redirect_uri') ?? '/', this.issuer);
    const state = sent.get('state');
    if (state !== null) back.searchParams.set('state', state);
    response.writeHead(303, { Location: back.href }).end();
  }

  private discover(response: ServerResponse): void {
    if (this.behaviour.discovery === 'missing') return json(response, 404, {});
    const { issuer } = this;
    json(response, 200, {
      issuer: this.behaviour.discovery === 'right' ? issuer : 'http://127.0.0.1:1',
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      userinfo_endpoint: `${issuer}/userinfo`,
      end_session_endpoint: `${issuer}/end-session`,
      jwks_uri: `${issuer}/jwks`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256'],
      authorization_response_iss_parameter_supported: true,
      ...this.behaviour.metadataOverride,
    });
  }

  private authorize(url: URL, response: ServerResponse): void {
    const { searchParams: sent } = url;
    this.lastAuthorization = sent;
    const { behaviour } = this;
    const answer = new URL(sent.get('redirect_uri') ?? '');
    const issuer = behaviour.responseIssuer === undefined ? this.issuer : behaviour.responseIssuer;
    if (issuer !== null) answer.searchParams.set('iss', issuer);
    answer.searchParams.set('state', sent.get('state') ?? '');
    if (behaviour.authorizationError) {
      for (const [name, value] of Object.entries(behaviour.authorizationError)) answer.searchParams.set(name, value);
    } else {
      const code = randomBytes(16).toString('base64url');
      this.codes.set(code, {
        clientId: sent.get('client_id') ?? '',
        redirectUri: sent.get('redirect_uri') ?? '',
        challenge: sent.get('code_challenge') ?? '',
        nonce: sent.get('nonce') ?? '',
        scope: sent.get('scope') ?? '',
      });
      answer.searchParams.set('code', code);
    }
    response.writeHead(303, { Location: answer.href }).end();
  }

  private async token(request: IncomingMessage, form: URLSearchParams, response: ServerResponse): Promise<void> {
    if (!this.knowsClient(request)) return json(response, 401, { error: 'invalid_client' });
    if (form.get('grant_type') === 'refresh_token') return this.refresh(form, response);
    const { tokenFailure } = this.behaviour;
    if (tokenFailure) return json(response, tokenFailure.status, tokenFailure.body);
    const code = this.codes.get(form.get('code') ?? '');
    this.codes.delete(form.get('code') ?? '');
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (!code || code.redirectUri !== form.get('redirect_uri') || code.challenge !== challenge)
      return json(response, 400, { error: 'invalid_grant', error_description: 'unknown code' });
    this.issue(response, code.scope, code.nonce);
  }

  private async refresh(form: URLSearchParams, response: ServerResponse): Promise<void> {
    const { refreshFailure } = this.behaviour;
    if (refreshFailure) return json(response, refreshFailure.status, refreshFailure.body);
    const token = form.get('refresh_token') ?? '';
    const scope = this.refreshTokens.get(token);
    if (scope === undefined) return json(response, 400, { error: 'invalid_grant' });
    if (this.behaviour.refreshAnswers === 'new') this.refreshTokens.delete(token);
    this.refreshes++;
    await this.behaviour.duringRefresh?.();
    this.issue(response, scope, undefined, token);
  }

  /** @param kept the refresh token that was sent, where it may stay valid */
  private issue(response: ServerResponse, scope: string, nonce: string | undefined, kept?: string): void {
    const { behaviour } = this;
    const now = this.clock.now();
    const accessToken = `at-${randomBytes(16).toString('base64url')}`;
    const keeps = kept !== undefined && behaviour.refreshAnswers !== 'new';
    const refreshToken = keeps ? kept : `rt-${randomBytes(16).toString('base64url')}`;
    this.accessTokens.set(accessToken, now + behaviour.expiresIn);
    if (behaviour.issueRefreshToken) this.refreshTokens.set(refreshToken, scope);
    const tellsRefreshToken = behaviour.issueRefreshToken && !(keeps && behaviour.refreshAnswers === 'none');
    const claims = {
      iss: this.issuer,
      sub: 'user-1',
      aud: this.clientId,
      iat: now,
      exp: now + 300,
      auth_time: now,
      ...(nonce === undefined ? {} : { nonce }),
      ...behaviour.claims,
      ...behaviour.idTokenOverride,
    };
    json(response, 200, {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: behaviour.expiresIn,
      scope,
      id_token: this.signed(claims),
      ...(tellsRefreshToken ? { refresh_token: refreshToken } : {}),
      ...behaviour.tokenOverride,
    });
  }

  private userinfo(request: IncomingMessage, response: ServerResponse): void {
    if (!this.isGoodToken(request)) return challenge(response);
    json(response, 200, { sub: 'user-1', ...this.behaviour.userinfo });
  }

  private me(request: IncomingMessage, response: ServerResponse): void {
    if (!this.isGoodToken(request)) return challenge(response);
    json(response, 200, { username: 'alice' });
  }

  private isGoodToken(request: IncomingMessage): boolean {
    const token = (request.headers.authorization ?? '').replace(/^Bearer /, '');
    const expiresAt = this.accessTokens.get(token);
    return expiresAt !== undefined && expiresAt > this.clock.now() && !this.behaviour.revoked.has(token);
  }

  /** Ends every access token that was issued. */
  revokeAccessTokens(): void {
    for (const token of this.accessTokens.keys()) this.behaviour.revoked.add(token);
  }

  /** RFC 6749 2.3.1: both parts are form-urlencoded before they are joined. */
  private knowsClient(request: IncomingMessage): boolean {
    const [id = '', secret = ''] = Buffer.from((request.headers.authorization ?? '').replace(/^Basic /, ''), 'base64')
      .toString()
      .split(':');
    const decoded = (text: string): string => decodeURIComponent(text.replaceAll('+', ' '));
    return decoded(id) === this.clientId && decoded(secret) === this.clientSecret;
  }

  /** A JWT of this provider, or of somebody else where the signature is to be wrong. */
  signed(claims: object, header: object = {}): string {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const isRsa = this.behaviour.algorithm === 'RS256';
    const own = isRsa ? { alg: 'RS256', kid: 'k2' } : { alg: 'ES256', kid: 'k1' };
    const input = `${part({ ...own, typ: 'JWT', ...header })}.${part(claims)}`;
    if (isRsa) return `${input}.${sign('sha256', Buffer.from(input), this.rsaKey).toString('base64url')}`;
    const key = this.behaviour.signature === 'right' ? this.key : this.otherKey;
    return `${input}.${sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  }
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

function challenge(response: ServerResponse): void {
  response
    .writeHead(401, { 'WWW-Authenticate': 'Bearer error="invalid_token"', 'Content-Type': 'application/json' })
    .end('{"error":"invalid_token"}');
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts).toString();
}
