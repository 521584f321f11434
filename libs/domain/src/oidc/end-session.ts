import { addSeconds, type EpochSeconds } from '../kernel/index.js';
import type { Client } from '../oauth/index.js';

const maxStateCharacters = 2000;
/** Tolerated clock difference between servers of one issuer. */
const clockToleranceSeconds = 60;

/** Why a `post_logout_redirect_uri` is not used: it is not registered, or the client is unknown. */
export type PostLogoutRedirectProblem = 'unknown_client' | 'unregistered';

/** The validated part of a logout request. */
export interface EndSessionCheck {
  /** True when the ID token hint is valid and names the session of this browser: no confirmation is required. */
  readonly isSessionOfHint: boolean;
  /** The registered URI with `state`; undefined when none was requested or it is rejected. */
  readonly redirectUri: string | undefined;
  readonly redirectProblem: PostLogoutRedirectProblem | undefined;
}

/**
 * Validates a logout request.
 * @param hint  the claims of an `id_token_hint` of this server (an expired one is accepted), otherwise undefined
 * @param client the client of the hint or of `client_id`, which must agree
 * @see OpenID Connect RP-Initiated Logout 1.0, 2 and 3
 */
export function checkEndSession(input: {
  readonly hint: { readonly subject: string; readonly sessionId: string | undefined } | undefined;
  readonly client: Client | undefined;
  readonly postLogoutRedirectUri: string | undefined;
  readonly state: string | undefined;
  readonly session: { readonly userId: string; readonly id: string } | undefined;
}): EndSessionCheck {
  const { hint, client, session, postLogoutRedirectUri } = input;
  const redirectProblem = postLogoutRedirectProblem(client, postLogoutRedirectUri);
  const redirectUri = redirectProblem === undefined ? postLogoutRedirectUri : undefined;
  return {
    isSessionOfHint:
      hint !== undefined && session !== undefined && session.userId === hint.subject && hint.sessionId === session.id,
    redirectUri: redirectUri === undefined ? undefined : withState(redirectUri, input.state),
    redirectProblem,
  };
}

/**
 * True when an ID token allows a client's server to end the session that it names without the user's browser: an administrator
 * approved the client, it is the token's audience, and the token was issued within a session's lifetime.
 * @param claims of an ID token with an asymmetric signature of this server: a client could forge one signed with its secret
 */
export function mayEndSessionFromServer(input: {
  readonly claims: Readonly<Record<string, unknown>>;
  readonly client: Pick<Client, 'id' | 'approvedAt' | 'disabledAt'> | undefined;
  readonly sessionLifetimeSeconds: number;
  readonly now: EpochSeconds;
}): boolean {
  const { claims, client, sessionLifetimeSeconds, now } = input;
  if (client?.approvedAt === undefined || client.disabledAt !== undefined || claims['aud'] !== client.id) return false;
  const issuedAt = claims['iat'];
  if (typeof issuedAt !== 'number') return false;
  return issuedAt <= addSeconds(now, clockToleranceSeconds) && issuedAt > now - sessionLifetimeSeconds;
}

function postLogoutRedirectProblem(
  client: Client | undefined,
  uri: string | undefined,
): PostLogoutRedirectProblem | undefined {
  if (uri === undefined) return undefined;
  if (client === undefined) return 'unknown_client';
  // Compared as a string: a prefix match would be an open redirector.
  return client.postLogoutRedirectUris.includes(uri) ? undefined : 'unregistered';
}

function withState(uri: string, state: string | undefined): string {
  if (state === undefined || state.length > maxStateCharacters) return uri;
  return `${uri}${uri.includes('?') ? '&' : '?'}${new URLSearchParams({ state }).toString()}`;
}
