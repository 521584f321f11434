import type { Selector } from '@gatehouse/domain/kernel';

/** Grants or access tokens to revoke. */
export interface RevokeInput {
  readonly selectors: readonly Selector[];
}

/** Whose grants or tokens to revoke: of a user, of a client, or of one at the other. At least one of them is named. */
export type RevokeAllInput =
  | { readonly userId: string; readonly clientId?: string | undefined }
  | { readonly userId?: undefined; readonly clientId: string };

export interface Revoked {
  readonly revoked: number;
}
