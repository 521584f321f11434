import { Inject, Injectable } from '@nestjs/common';
import type { AuthorizationRequest } from '@gatehouse/domain/oauth';
import { sessionState } from '@gatehouse/domain/oidc';
import { newSecret } from '@gatehouse/platform/secrets/random';
import type { SetCookie } from '@gatehouse/platform/http/reply';
import { BrowserStates } from '../../users/sessions/browser-states.service.js';
import type { RequestContext } from '../../users/sessions/request-context.js';

/** What of a request makes its answer's `session_state`; an error may be found before all of it is known. */
export type StatefulRequest = Pick<AuthorizationRequest, 'redirectUri'> &
  Partial<Pick<AuthorizationRequest, 'clientId' | 'scope'>>;

/** Gives the answers of OpenID requests their `session_state`, errors too: then it is the state of whoever is here, or of nobody. */
@Injectable()
export class SessionStates {
  constructor(@Inject(BrowserStates) private readonly states: BrowserStates) {}

  /**
   * @returns the parameter and all cookies of the answer, a browser state among them where there was none yet
   * @see OpenID Connect Session Management 2
   */
  of(
    context: RequestContext,
    { clientId, redirectUri, scope }: StatefulRequest,
  ): { readonly sessionState: string | undefined; readonly cookies: readonly SetCookie[] } {
    const none = { sessionState: undefined, cookies: context.cookies };
    if (clientId === undefined || scope?.includes('openid') !== true) return none;
    const { browserState, session } = context;
    const made =
      browserState === undefined
        ? this.states.renew(session && session.expiresAt - context.now)
        : { value: browserState, cookies: [] };
    if (!made) return none;
    const state = sessionState({ clientId, redirectUri, browserState: made.value, salt: newSecret() });
    return state === undefined ? none : { sessionState: state, cookies: [...context.cookies, ...made.cookies] };
  }
}
