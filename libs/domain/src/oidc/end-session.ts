import type { Client } from '../oauth/index.js';

const mostStateCharacters = 2000;

/** A logout that a client asked for, as far as it can be believed. */
export interface EndSessionCheck {
  /** True when the ID token hint is ours and names the session of this browser: nobody else asks. */
  readonly confirmed: boolean;
  /** Where the browser goes afterwards; undefined when none was asked for or it is not registered. */
  readonly redirectUri: string | undefined;
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
  // Compared as a string: a prefix match would be an open redirector.
  const registered =
    postLogoutRedirectUri !== undefined &&
    client !== undefined &&
    client.postLogoutRedirectUris.includes(postLogoutRedirectUri);
  return {
    confirmed:
      hint !== undefined &&
      (session === undefined || (session.userId === hint.subject && hint.sessionId === session.id)),
    redirectUri: registered ? withState(postLogoutRedirectUri, input.state) : undefined,
  };
}

function withState(uri: string, state: string | undefined): string {
  if (state === undefined || state.length > mostStateCharacters) return uri;
  return `${uri}${uri.includes('?') ? '&' : '?'}${new URLSearchParams({ state }).toString()}`;
}
