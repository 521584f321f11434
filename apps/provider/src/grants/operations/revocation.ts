import type { Selector } from '@gatehouse/domain/kernel';

/** Grants or access tokens to revoke. */
export interface RevokeInput {
  readonly selectors: readonly Selector[];
}

/** Revokes all grants or tokens of a user, of a client, or of a user at a client. At least one is required. */
export type RevokeAllInput =
  | { readonly userId: string; readonly clientId?: string | undefined }
  | { readonly userId?: undefined; readonly clientId: string };

export interface Revoked {
  readonly revoked: number;
}
