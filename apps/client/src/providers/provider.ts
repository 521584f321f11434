import type { JwsAlgorithm } from '@gatehouse/domain/jose';

/** A provider as the rest of the client sees it. */
export interface Provider {
  readonly id: string;
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret?: string | undefined;
  readonly scope: readonly string[];
  /** The `id_token_signed_response_alg` that we are registered with there; undefined: the default. */
  readonly idTokenSignedResponseAlg?: JwsAlgorithm | undefined;
  readonly seeded: boolean;
}

/** What people meet: nothing secret. */
export interface ProviderButton {
  readonly id: string;
  readonly name: string;
  readonly issuer: string;
}

/** What a client asks for unless told otherwise; the demo's client is registered with these. */
export const usualScope: readonly string[] = ['openid', 'profile', 'email', 'offline_access'];

export const maxProviders = 50;

/** Where a form may lead that begins or ends a login there: Chromium applies form-action to every redirect that follows. */
export function schemesOf(providers: readonly { readonly issuer: string }[]): readonly string[] {
  return [...new Set(providers.map(({ issuer }) => new URL(issuer).protocol))];
}
