import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '@gatehouse/platform/clock';
import { buildEndSessionUrl } from 'openid-client';
import { MessageRecorder } from '../flow/message-recorder.js';
import { Pages } from '../web/pages.service.js';
import { providerFailure } from '../providers/provider-failure.js';
import { ProvidersService } from '../providers/providers.service.js';
import { RelyingParty } from '../providers/relying-party.service.js';
import type { SessionContent } from '../session/client-session.js';
import { LogoutStates } from '../session/logout-states.service.js';
import type { RequestContext } from '../session/request-contexts.service.js';

/** The provider's logout URL. */
@Injectable()
export class LogoutAddress {
  constructor(
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Pages) private readonly pages: Pages,
    @Inject(ProvidersService) private readonly providers: ProvidersService,
    @Inject(RelyingParty) private readonly relyingParty: RelyingParty,
    @Inject(LogoutStates) private readonly states: LogoutStates,
  ) {}

  /**
   * Undefined when the provider is unavailable, has no such endpoint, or is no longer the one of this session.
   * @see OpenID Connect RP-Initiated Logout 1.0, 2
   */
  async find(content: SessionContent, { guard, now }: RequestContext): Promise<string | undefined> {
    const provider = await this.providers.find(content.providerId);
    if (provider?.issuer !== content.issuer || provider.clientId !== content.clientId) return undefined;
    const recorder = new MessageRecorder(this.clock);
    try {
      const configuration = await this.relyingParty.configuration(provider, recorder);
      if (configuration.serverMetadata().end_session_endpoint === undefined) return undefined;
      return buildEndSessionUrl(configuration, {
        id_token_hint: content.idToken,
        post_logout_redirect_uri: this.pages.addresses.postLogoutRedirectUri,
        state: this.states.create({ providerName: provider.name }, guard.browser.hash, now),
      }).href;
    } catch (error) {
      if (providerFailure(error, recorder)) return undefined;
      throw error;
    }
  }
}
