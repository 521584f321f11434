import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '@gatehouse/platform/clock';
import { Store } from '@gatehouse/platform/database/store';
import {
  fetchProtectedResource,
  fetchUserInfo,
  refreshTokenGrant,
  WWWAuthenticateChallengeError,
  type Configuration,
} from 'openid-client';
import { MessageRecorder, newestMessages } from '../flow/message-recorder.js';
import { PageError } from '../web/page-error.js';
import { providerFailure } from './provider-failure.js';
import type { Provider } from './provider.js';
import { ProvidersService } from './providers.service.js';
import { RelyingParty } from './relying-party.service.js';
import {
  accessTokenExpiry,
  type AdminCheck,
  type Claims,
  type ClientSession,
  type SessionContent,
  type SessionNoticeId,
} from '../session/client-session.js';
import { SessionsService } from '../session/sessions.service.js';
import type { RequestContext } from '../session/request-contexts.service.js';

/** A token that is closer to its expiry counts as expired: it might expire in transit. */
const leewaySeconds = 10;
const maxResponseCharacters = 4000;

/** The result of a change of the session. */
interface TokenResult {
  readonly session: ClientSession;
  /** Why it failed; undefined on success. */
  readonly problem?: SessionNoticeId | undefined;
}

/** Refreshes a session's tokens, and calls the provider's API with them. */
@Injectable()
export class TokensService {
  /** One refresh at a time per session: a provider that rotates refresh tokens accepts each of them once. */
  private readonly refreshing = new Map<number, Promise<TokenResult>>();

  constructor(
    @Inject(Store) private readonly store: Store,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(ProvidersService) private readonly providers: ProvidersService,
    @Inject(RelyingParty) private readonly relyingParty: RelyingParty,
    @Inject(SessionsService) private readonly sessions: SessionsService,
  ) {}

  /** Refreshes on request of the user; the next page shows the result. */
  async refresh(context: RequestContext, session: ClientSession): Promise<void> {
    const step = await this.refreshOnce(session);
    await this.notify(context, step.session, step.problem ?? 'refreshed');
  }

  /** Calls the API. An expired access token is refreshed first, a rejected one is refreshed once. */
  async callApi(context: RequestContext, session: ClientSession): Promise<void> {
    const { accessTokenExpiresAt } = session.content;
    const isExpired = accessTokenExpiresAt !== undefined && accessTokenExpiresAt <= context.now + leewaySeconds;
    const current: TokenResult = isExpired ? await this.refreshOnce(session) : { session };
    if (current.problem) return this.notify(context, current.session, current.problem);
    const first = await this.request(current.session);
    if (first.status !== 401 || isExpired || current.session.content.refreshToken === undefined)
      return this.storeResponse(context, current.session, first);
    const again = await this.refreshOnce(current.session);
    if (again.problem) return this.notify(context, again.session, again.problem);
    return this.storeResponse(context, again.session, await this.request(again.session));
  }

  /**
   * Gets the user's current roles from the provider: from the ID token of a refresh, or from UserInfo.
   * @returns undefined when they cannot be determined: the provider is unreachable, or the tokens are no longer accepted
   */
  async currentRoles(session: ClientSession): Promise<readonly unknown[] | undefined> {
    let current = session;
    if (session.content.refreshToken !== undefined) {
      const refreshed = await this.refreshOnce(session);
      if (refreshed.problem) return undefined;
      current = refreshed.session;
      // OpenID Connect Core 12.2: a refresh response need not contain an ID token.
      if (current.content.idToken !== session.content.idToken) return rolesIn(current.content.claims);
    }
    const recorder = new MessageRecorder(this.clock);
    const provider = await this.providerOf(current.content);
    if (!provider) return undefined;
    try {
      const configuration = await this.relyingParty.configuration(provider, recorder);
      if (configuration.serverMetadata().userinfo_endpoint === undefined) return undefined;
      const { accessToken, subject } = current.content;
      return rolesIn({ ...(await fetchUserInfo(configuration, accessToken, subject)) });
    } catch (error) {
      if (providerFailure(error, recorder)) return undefined;
      throw error;
    }
  }

  /** Stores the result of {@link currentRoles}. */
  async noteAdminCheck(session: ClientSession, adminCheck: AdminCheck): Promise<void> {
    const current = await this.sessions.again(session, this.clock.now());
    if (current) await this.change(current, (content) => ({ ...content, adminCheck }));
  }

  private refreshOnce(session: ClientSession): Promise<TokenResult> {
    const running = this.refreshing.get(session.selector);
    if (running) return running;
    const started = this.refreshNow(session).finally(() => this.refreshing.delete(session.selector));
    this.refreshing.set(session.selector, started);
    return started;
  }

  private async refreshNow(seen: ClientSession): Promise<TokenResult> {
    // Another request may have refreshed since this one read the session.
    const session = (await this.sessions.again(seen, this.clock.now())) ?? seen;
    if (session.content.accessToken !== seen.content.accessToken) return { session };
    const { refreshToken } = session.content;
    if (refreshToken === undefined) return { session, problem: 'refresh.none' };
    const provider = await this.providerOf(session.content);
    if (!provider) return { session, problem: 'provider.changed' };
    const recorder = new MessageRecorder(this.clock);
    try {
      const configuration = await this.relyingParty.configuration(provider, recorder);
      const tokens = await refreshTokenGrant(configuration, refreshToken);
      const now = this.clock.now();
      const claims = tokens.claims();
      // OpenID Connect Core 12.2: it must have the same subject.
      if (claims && claims.sub !== session.content.subject) return { session, problem: 'provider.invalid_answer' };
      const refreshed = (content: SessionContent): SessionContent => ({
        ...content,
        claims: claims ? { ...withoutRoles(content.claims), ...claims } : content.claims,
        idToken: tokens.id_token ?? content.idToken,
        accessToken: tokens.access_token,
        tokenType: tokens.token_type,
        scope: tokens.scope ?? content.scope,
        accessTokenExpiresAt: accessTokenExpiry(tokens.expires_in, now),
        refreshToken: tokens.refresh_token ?? refreshToken,
        refreshedAt: now,
        messages: newestMessages([...content.messages, ...recorder.messages]),
      });
      return { session: await this.storeRefreshed(session, refreshed) };
    } catch (error) {
      return this.refreshFailed(session, error, recorder);
    }
  }

  /**
   * Stores new tokens despite concurrent changes. If the provider rotates refresh tokens, the old one is already used: using it
   * again would look like theft, and the provider would revoke the grant (RFC 9700 4.14.2).
   * @throws PageError login.ended
   */
  private async storeRefreshed(
    session: ClientSession,
    refreshed: (content: SessionContent) => SessionContent,
  ): Promise<ClientSession> {
    const kept = await this.tryChange(session, refreshed);
    if (kept.outcome === 'written') return kept.session;
    const isWritten =
      kept.outcome === 'contended' &&
      (await this.store.run((unit) => this.sessions.put(unit, kept.session, refreshed(kept.session.content))));
    const now = isWritten ? await this.sessions.again(session, this.clock.now()) : undefined;
    if (now) return now;
    const { providerId, providerName, issuer } = session.content;
    throw new PageError('login.ended', {
      wayOn: { providerId, providerName, providerScheme: new URL(issuer).protocol },
    });
  }

  private async refreshFailed(session: ClientSession, error: unknown, recorder: MessageRecorder): Promise<TokenResult> {
    const failure = providerFailure(error, recorder);
    if (!failure) throw error;
    const isInvalidGrant = failure.kind === 'token' && failure.error === 'invalid_grant';
    const changed = await this.change(session, (content) => ({
      ...content,
      // RFC 6749 5.2: expired, revoked or already used, so it is discarded.
      refreshToken: isInvalidGrant ? undefined : content.refreshToken,
      messages: newestMessages([...content.messages, ...recorder.messages]),
    }));
    if (isInvalidGrant) return { session: changed, problem: 'refresh.over' };
    return {
      session: changed,
      problem: failure.kind === 'unreachable' ? 'provider.unreachable' : 'provider.invalid_answer',
    };
  }

  private async request(session: ClientSession): Promise<ApiResult> {
    const recorder = new MessageRecorder(this.clock);
    const provider = await this.providerOf(session.content);
    if (!provider) return { status: 0, problem: 'provider.changed', body: '', recorder };
    try {
      const configuration = await this.relyingParty.configuration(provider, recorder);
      const response = await fetchProtectedResource(
        configuration,
        session.content.accessToken,
        apiOf(configuration),
        'GET',
      );
      return { status: response.status, body: truncated(await response.text()), recorder };
    } catch (error) {
      if (error instanceof WWWAuthenticateChallengeError)
        return { status: error.status, body: truncated(await error.response.text().catch(() => '')), recorder };
      if (!providerFailure(error, recorder)) throw error;
      return { status: 0, problem: 'provider.unreachable', body: '', recorder };
    }
  }

  private async storeResponse(context: RequestContext, session: ClientSession, result: ApiResult): Promise<void> {
    const { recorder, problem, status, body } = result;
    await this.change(session, (content) => ({
      ...content,
      messages: newestMessages([...content.messages, ...recorder.messages]),
      apiAnswer: problem === undefined ? { at: context.now, status, body } : undefined,
      notice: problem === undefined ? undefined : { id: problem, requestId: context.requestId },
    }));
  }

  private async notify(context: RequestContext, session: ClientSession, id: SessionNoticeId): Promise<void> {
    await this.change(session, (content) => ({
      ...content,
      notice: { id, requestId: context.requestId },
      apiAnswer: undefined,
    }));
  }

  /** A change that may be lost: a notice, a message. Does not restore an ended session. */
  private async change(
    session: ClientSession,
    update: (content: SessionContent) => SessionContent,
  ): Promise<ClientSession> {
    return (await this.tryChange(session, update)).session;
  }

  /** Applies the change to the current session, with a few retries. */
  private async tryChange(
    session: ClientSession,
    update: (content: SessionContent) => SessionContent,
  ): Promise<{ readonly outcome: 'written' | 'ended' | 'contended'; readonly session: ClientSession }> {
    let current = session;
    for (let attempts = 0; attempts < 5; attempts++) {
      const content = update(current.content);
      const target = current;
      if (await this.store.run((unit) => this.sessions.change(unit, target, content)))
        return { outcome: 'written', session: { ...current, version: current.version + 1, content } };
      const again = await this.sessions.again(session, this.clock.now());
      if (!again) return { outcome: 'ended', session: { ...current, content } };
      current = again;
    }
    return { outcome: 'contended', session: current };
  }

  /** Tokens are sent only to the issuer that issued them, by the client that obtained them. */
  private async providerOf(content: SessionContent): Promise<Provider | undefined> {
    const provider = await this.providers.find(content.providerId);
    return provider?.issuer === content.issuer && provider.clientId === content.clientId ? provider : undefined;
  }
}

/** Claims that a new ID token omits are kept (`auth_time`, `nonce`), except roles: omitted roles were revoked. */
function withoutRoles({ roles: _removed, ...claims }: Claims): Claims {
  return claims;
}

function rolesIn(claims: Claims): readonly unknown[] {
  const { roles } = claims;
  return Array.isArray(roles) ? (roles as readonly unknown[]) : [];
}

interface ApiResult {
  readonly status: number;
  readonly body: string;
  readonly problem?: SessionNoticeId;
  readonly recorder: MessageRecorder;
}

/** The API that the provider of this repository has in addition to its protocol endpoints. */
function apiOf(configuration: Configuration): URL {
  const { issuer } = configuration.serverMetadata();
  return new URL(`${issuer.replace(/\/$/, '')}/api/me`);
}

function truncated(text: string): string {
  return text.length > maxResponseCharacters ? `${text.slice(0, maxResponseCharacters)}…` : text;
}
