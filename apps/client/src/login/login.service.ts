import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '@gatehouse/platform/clock';
import { Store } from '@gatehouse/platform/database/store';
import type { SetCookie } from '@gatehouse/platform/http/reply';
import {
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  fetchUserInfo,
  randomNonce,
  randomPKCECodeVerifier,
  type Configuration,
  type TokenEndpointResponse,
  type TokenEndpointResponseHelpers,
} from 'openid-client';
import { MessageRecorder, newestMessages } from '../flow/message-recorder.js';
import { Pages } from '../web/pages.service.js';
import { providerFailure } from '../providers/provider-failure.js';
import { checkLoginMetadata } from '../providers/provider-metadata.js';
import type { Provider } from '../providers/provider.js';
import { RelyingParty } from '../providers/relying-party.service.js';
import { accessTokenExpiry, type Claims, type SessionContent } from '../session/client-session.js';
import { SessionsService } from '../session/sessions.service.js';
import type { RequestContext } from '../session/request-contexts.service.js';
import type { LoginFlow } from './login-flow.js';
import { LoginFlows } from './login-flows.service.js';
import { loginProblem } from './login-problem.js';

type Tokens = TokenEndpointResponse & TokenEndpointResponseHelpers;

/** Starts a login at a provider, and creates a session from the provider's response. */
@Injectable()
export class LoginService {
  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Pages) private readonly pages: Pages,
    @Inject(RelyingParty) private readonly relyingParty: RelyingParty,
    @Inject(LoginFlows) private readonly flows: LoginFlows,
    @Inject(SessionsService) private readonly sessions: SessionsService,
  ) {}

  /**
   * @returns the authorization URL for the browser
   * @param next local URL to show after the login, validated
   * @throws PageError when the provider is unavailable
   */
  async begin(context: RequestContext, provider: Provider, next: string): Promise<string> {
    const recorder = new MessageRecorder(this.clock);
    const configuration = await this.attempt(recorder, provider, next, async () => {
      const loaded = await this.relyingParty.configuration(provider, recorder);
      checkLoginMetadata(loaded.serverMetadata());
      return loaded;
    });
    const state = this.flows.newState();
    const nonce = randomNonce();
    const codeVerifier = randomPKCECodeVerifier();
    const url = buildAuthorizationUrl(configuration, {
      redirect_uri: this.pages.addresses.redirectUri,
      scope: provider.scope.join(' '),
      state: state.state,
      nonce,
      code_challenge: await calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
    });
    recorder.redirect('client', url);
    const { issuer, clientId } = provider;
    const content = { issuer, clientId, nonce, codeVerifier, next, messages: recorder.messages };
    const origin = { browserHash: context.guard.browser.hash, addressKey: context.addressKey, providerId: provider.id };
    const isStored = await this.store.run((unit) => this.flows.storeFlow(unit, state, origin, content, context.now));
    if (!isStored) url.searchParams.set('state', this.flows.sealedState(origin, content, context.now));
    return url.href;
  }

  /**
   * Validates the provider's response and creates the session.
   * @returns the session cookie
   * @throws PageError for every failure that the user can act on
   */
  async finish(
    context: RequestContext,
    flow: LoginFlow,
    provider: Provider,
    parameters: URLSearchParams,
  ): Promise<SetCookie> {
    const recorder = new MessageRecorder(this.clock);
    const url = new URL(`${this.pages.addresses.redirectUri}?${parameters.toString()}`);
    recorder.redirect('provider', url);
    const content = await this.attempt(recorder, provider, flow.content.next, async () => {
      // The metadata request is not part of the response: only later requests count.
      const configuration = await this.relyingParty.configuration(provider, recorder);
      checkLoginMetadata(configuration.serverMetadata());
      recorder.sent = 0;
      const tokens = await authorizationCodeGrant(configuration, url, {
        expectedState: parameters.get('state') ?? '',
        expectedNonce: flow.content.nonce,
        pkceCodeVerifier: flow.content.codeVerifier,
        idTokenExpected: true,
      });
      return this.contentOf(context, provider, flow, tokens, await this.userinfo(configuration, tokens), recorder);
    });
    return this.store.run((unit) => this.sessions.start(unit, content, context.session, context.now));
  }

  /** Claims that are not in the ID token. The login succeeds without them. @see OpenID Connect Core 5.3 */
  private async userinfo(configuration: Configuration, tokens: Tokens): Promise<Claims | undefined> {
    const subject = tokens.claims()?.sub;
    if (configuration.serverMetadata().userinfo_endpoint === undefined || subject === undefined) return undefined;
    try {
      return { ...(await fetchUserInfo(configuration, tokens.access_token, subject)) };
    } catch {
      return undefined;
    }
  }

  private contentOf(
    context: RequestContext,
    provider: Provider,
    flow: LoginFlow,
    tokens: Tokens,
    userinfo: Claims | undefined,
    recorder: MessageRecorder,
  ): SessionContent {
    const claims = tokens.claims();
    if (!claims || tokens.id_token === undefined) throw new Error('openid-client must return an ID token');
    return {
      providerId: provider.id,
      providerName: provider.name,
      issuer: provider.issuer,
      clientId: provider.clientId,
      subject: claims.sub,
      username: usernameOf({ ...claims, ...userinfo }),
      claims: { ...claims },
      userinfo,
      idToken: tokens.id_token,
      accessToken: tokens.access_token,
      tokenType: tokens.token_type,
      // RFC 6749 5.1: optional if identical to the requested scope.
      scope: tokens.scope ?? provider.scope.join(' '),
      accessTokenExpiresAt: accessTokenExpiry(tokens.expires_in, context.now),
      refreshToken: tokens.refresh_token,
      loggedInAt: context.now,
      messages: newestMessages([...flow.content.messages, ...recorder.messages]),
    };
  }

  private async attempt<T>(
    recorder: MessageRecorder,
    provider: Provider,
    next: string,
    work: () => Promise<T>,
  ): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const failure = providerFailure(error, recorder);
      if (!failure) throw error;
      throw loginProblem(failure, { cause: error, provider, next, messages: recorder.messages });
    }
  }
}

/** The display name of the user: the first of these claims that is a string. */
function usernameOf(claims: Claims): string {
  const names = ['preferred_username', 'username', 'nickname', 'name', 'email', 'sub'].map((claim) => claims[claim]);
  const name = names.find((value): value is string => typeof value === 'string' && value.trim() !== '');
  return (name ?? 'somebody').slice(0, 200);
}
