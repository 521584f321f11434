import { Inject, Injectable } from '@nestjs/common';
import type { AuthorizationRequest } from '@gatehouse/domain/oauth';
import { sessionState } from '@gatehouse/domain/oidc';
import { newSecret } from '@gatehouse/platform/secrets/random';
import type { SetCookie } from '@gatehouse/platform/http/reply';
import { BrowserStates } from '../../users/sessions/browser-states.service.js';
import type { RequestContext } from '../../users/sessions/request-context.js';

/** What the `session_state` of a response depends on; an error can occur before all of it is known. */
export type StatefulRequest = Pick<AuthorizationRequest, 'redirectUri'> &
  Partial<Pick<AuthorizationRequest, 'clientId' | 'scope'>>;

/** Adds `session_state` to the responses of OpenID requests, also to errors, with or without a session. */
@Injectable()
export class SessionStates {
  constructor(@Inject(BrowserStates) private readonly states: BrowserStates) {}

  /**
   * @returns the parameter and all cookies of the response, including a new browser state if there was none
   * @see OpenID Connect Session Management 2
   */
  of(
    context: RequestContext,
    { clientId, redirectUri, scope }: StatefulRequest,
  ): { readonly sessionState: string | undefined; readonly cookies: readonly SetCookie[] } {
    const none = { sessionState: undefined, cookies: context.cookies };
    if (clientId === undefined || scope?.includes('openid') !== true) return none;
    const { browserState, session } = context;
    const state =
      browserState === undefined
        ? this.states.renew(session && session.expiresAt - context.now)
        : { value: browserState, cookies: [] };
    if (!state) return none;
    const value = sessionState({ clientId, redirectUri, browserState: state.value, salt: newSecret() });
    return value === undefined ? none : { sessionState: value, cookies: [...context.cookies, ...state.cookies] };
  }
}
