import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '@gatehouse/platform/clock';
import { ClientError } from 'openid-client';
import { text, type Text } from '../i18n/message.js';
import { MessageRecorder } from '../flow/message-recorder.js';
import { providerFailure } from './provider-failure.js';
import { ProviderFetch } from './provider-fetch.js';
import { checkLoginMetadata, UnusableMetadata } from './provider-metadata.js';
import type { Provider } from './provider.js';
import type { ProviderDraft } from './providers.service.js';
import { RelyingParty } from './relying-party.service.js';

/** Checks that an issuer is an OpenID provider before it is stored. */
@Injectable()
export class ProviderDiscovery {
  constructor(
    @Inject(Clock) private readonly clock: Clock,
    @Inject(ProviderFetch) private readonly provider: ProviderFetch,
    @Inject(RelyingParty) private readonly relyingParty: RelyingParty,
  ) {}

  /** The draft with the issuer as in the provider's metadata, or the message for the field. */
  async confirm(
    draft: ProviderDraft,
    stored: Provider | undefined,
  ): Promise<{ readonly draft: ProviderDraft } | { readonly problem: Text }> {
    if (stored?.issuer === draft.issuer) return { draft };
    const recorder = new MessageRecorder(this.clock);
    try {
      const server = await this.relyingParty.discover(draft.issuer, recorder.recording(this.provider.fetch));
      checkLoginMetadata(server);
      return { draft: { ...draft, issuer: server.issuer } };
    } catch (error) {
      if (error instanceof UnusableMetadata) return { problem: text('providers.problem.incomplete') };
      return { problem: problemOf(error, recorder) };
    }
  }
}

function problemOf(error: unknown, recorder: MessageRecorder): Text {
  if (error instanceof ClientError && error.code === 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED')
    return text('providers.problem.otherIssuer');
  if (error instanceof ClientError && error.code === 'OAUTH_HTTP_REQUEST_FORBIDDEN')
    return text('providers.problem.http');
  const failure = providerFailure(error, recorder);
  if (failure?.kind === 'unreachable') return text('providers.problem.unreachable', { detail: failure.detail });
  if (failure) return text('providers.problem.notFound');
  throw error;
}
