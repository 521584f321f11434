import type { JwsAlgorithm } from '@gatehouse/domain/jose';

/** A provider as other modules use it. */
export interface Provider {
  readonly id: string;
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret?: string | undefined;
  readonly scope: readonly string[];
  /** The registered `id_token_signed_response_alg`; undefined: the default. */
  readonly idTokenSignedResponseAlg?: JwsAlgorithm | undefined;
  readonly seeded: boolean;
}

/** The default scope; the demo's client is registered with it. */
export const defaultScope: readonly string[] = ['openid', 'profile', 'email', 'offline_access'];

export const maxProviders = 50;

/** Schemes for form-action of pages that start a login or logout there: Chromium applies it to every redirect that follows. */
export function schemesOf(providers: readonly { readonly issuer: string }[]): readonly string[] {
  return [...new Set(providers.map(({ issuer }) => new URL(issuer).protocol))];
}
