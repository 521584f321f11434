import type { RecordedMessage } from '../session/recorded-message.js';
import { PageError, type RecoveryLink } from '../web/page-error.js';
import type { ProviderFailure } from '../providers/provider-failure.js';
import type { Provider } from '../providers/provider.js';
import { meaningOf } from './error-meanings.js';

interface LoginContext {
  readonly cause: unknown;
  readonly provider: Provider;
  readonly next: string;
  readonly messages: readonly RecordedMessage[];
}

/** How the user can continue after a failed login. */
export function recoveryLinkTo(provider: Provider, next: string): RecoveryLink {
  return {
    providerId: provider.id,
    providerName: provider.name,
    providerScheme: new URL(provider.issuer).protocol,
    next,
  };
}

/** The page for a login that was rejected by the provider or by a check. */
export function loginProblem(failure: ProviderFailure, { cause, provider, next, messages }: LoginContext): PageError {
  const common = { cause, messages, wayOn: recoveryLinkTo(provider, next) };
  switch (failure.kind) {
    case 'answered': {
      const { error, description } = failure;
      return new PageError('login.refused', {
        ...common,
        detail: meaningOf(error),
        code: truncated(error),
        codeDescription: truncated(description),
      });
    }
    case 'token': {
      const providerError = { code: truncated(failure.error), codeDescription: truncated(failure.description) };
      if (failure.error === 'invalid_client' || failure.error === 'unauthorized_client')
        return new PageError('provider.refused_client', { ...common, ...providerError });
      return new PageError('provider.refused_code', { ...common, ...providerError });
    }
    case 'unreachable':
      return new PageError('provider.unreachable', { ...common, detail: failure.detail });
    case 'invalid':
      return new PageError('provider.invalid_answer', { ...common, detail: failure.detail });
    case 'response':
      return new PageError('login.response_invalid', { ...common, detail: failure.detail });
  }
}

/** Text from a provider: length-limited and shown as text. */
function truncated(text: string | undefined): string | undefined {
  return text === undefined ? undefined : text.slice(0, 500);
}
