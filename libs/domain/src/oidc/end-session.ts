import { addSeconds, type EpochSeconds } from '../kernel/index.js';
import type { Client } from '../oauth/index.js';

const maxStateCharacters = 2000;
/** Servers of one issuer may disagree about the time by this much. */
const clockToleranceSeconds = 60;

/** Why a `post_logout_redirect_uri` is not used: it is not registered, or nothing says for which client it should be. */
export type PostLogoutRedirectProblem = 'unknown_client' | 'unregistered';

/** A logout that a client asked for, as far as it can be believed. */
export interface EndSessionCheck {
  /** True when the ID token hint is ours and names the session of this browser: then the person need not confirm. */
  readonly isSessionOfHint: boolean;
  /** The registered address, with `state`; undefined when none was asked for or there is a problem with it. */
  readonly redirectUri: string | undefined;
  readonly redirectProblem: PostLogoutRedirectProblem | undefined;
}

/**
 * Checks a logout request.
 * @param hint  the claims of `id_token_hint` when its signature is ours (an expired one still counts), else undefined
 * @param client the client that hint or `client_id` names, and both where both come
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
 * True when an ID token lets a client's server end the session that it names, without the person's browser: the client was
 * approved by an administrator and is the token's audience, and the token was issued within a session's lifetime.
 * @param claims of an ID token that this server signed with a key of its own: a client could write one signed by its secret
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
