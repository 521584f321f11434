import type { EpochSeconds } from '@gatehouse/domain/kernel';
import type { Authority, Client, GrantTypeName, OAuthError } from '@gatehouse/domain/oauth';
import type { Unit } from '@gatehouse/server/database/store';
import type { PreparedTokens } from '../../issuance/token-issuer.js';

/** What a grant type found. It proves; the endpoint issues. */
export type Proof =
  | {
      readonly kind: 'proved';
      readonly authority: Authority;
      /**
       * Spends what was presented, by a change that the unit stands on ({@link Unit.require}): all is undone where
       * another request came first, and what that one left behind is looked at again.
       */
      spend(unit: Unit, tokens: PreparedTokens): void;
    }
  /** The same request again after a lost answer: the same bytes. */
  | { readonly kind: 'repeated'; readonly body: string }
  /** Refused, and something must be written: committed by the endpoint before it answers. */
  | { readonly kind: 'refused'; readonly error: OAuthError; write(unit: Unit): Promise<unknown> };

/** One way to prove an authority (RFC 6749 1.3); registered in `grant-types.ts`. */
export interface GrantType {
  readonly name: GrantTypeName;
  /**
   * @param dpopJkt thumbprint of the key whose holder asks (RFC 9449), proved already; for grants that may be bound to one
   * @throws OAuthError when nothing needs to be written with the refusal
   */
  prove(parameters: ReadonlyMap<string, string>, client: Client, now: EpochSeconds, dpopJkt?: string): Promise<Proof>;
}
