import { accessTokenType, tokenExchangeGrant, type Client } from '@gatehouse/domain/oauth';
import { PurgeService } from '../../src/jobs/purge.service';
import type { Answer, Browser } from './browser';
import { authorize, basic, post, redeem, type TestProvider } from './provider';

export interface Registered {
  readonly client: Client;
  readonly secret: string;
}

/** RFC 6749 5.1 */
export interface Tokens {
  readonly access_token: string;
  readonly token_type: string;
  readonly expires_in: number;
  readonly scope?: string;
  readonly refresh_token?: string;
  readonly id_token?: string;
}

/** Everything that a logged-in person's authorization gives a confidential client. */
export async function obtainTokens(
  provider: TestProvider,
  browser: Browser,
  registered: Registered,
  overrides: Readonly<Record<string, string | undefined>> = {},
): Promise<Tokens> {
  const { code, verifier } = await authorize(provider, browser, registered.client, overrides);
  const answer = await redeem(provider, registered, code, verifier);
  if (answer.status !== 200) throw new Error(`no tokens but ${answer.status}: ${answer.text}`);
  return answer.json<Tokens>();
}

/** Exchanges an access token for one for an API (RFC 8693 2.1). */
export function exchangeToken(
  provider: TestProvider,
  { client, secret }: Registered,
  { subjectToken, resource }: { readonly subjectToken: string; readonly resource: string },
): Promise<Answer> {
  const parameters = {
    grant_type: tokenExchangeGrant,
    subject_token: subjectToken,
    subject_token_type: accessTokenType,
    resource,
  };
  return post(`${provider.base}/oauth/token`, parameters, { Authorization: basic(client, secret) });
}

/** The same with a refresh token in it. */
export async function obtainRefreshToken(
  provider: TestProvider,
  browser: Browser,
  registered: Registered,
): Promise<Tokens & { readonly refresh_token: string }> {
  const tokens = await obtainTokens(provider, browser, registered, { scope: 'openid profile offline_access' });
  if (tokens.refresh_token === undefined) throw new Error('the answer has no refresh token');
  return { ...tokens, refresh_token: tokens.refresh_token };
}

export function refresh(
  provider: TestProvider,
  registered: Registered,
  refreshToken: string,
  overrides: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return post(
    `${provider.base}/oauth/token`,
    { grant_type: 'refresh_token', refresh_token: refreshToken, ...overrides },
    { Authorization: basic(registered.client, registered.secret) },
  );
}

export function introspect(
  provider: TestProvider,
  registered: Registered,
  token: string,
  overrides: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return post(
    `${provider.base}/oauth/introspect`,
    { token, ...overrides },
    { Authorization: basic(registered.client, registered.secret) },
  );
}

/** Whether the client's own token lives. */
export async function isActive(
  provider: TestProvider,
  registered: Registered,
  token: string | undefined,
): Promise<boolean> {
  return (await introspect(provider, registered, token ?? '')).json<{ active: boolean }>().active;
}

/** The payload of a JWT; its signature is not looked at. */
export function claimsOf(jwt: string | undefined): Record<string, unknown> {
  return JSON.parse(Buffer.from(jwt?.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
}

/** Runs the job that clears what has expired. */
export function purge(provider: TestProvider): Promise<number> {
  return provider.app.get(PurgeService).purge();
}
