import type { EpochSeconds } from '@gatehouse/domain/kernel';
import type { Authority, Client, DpopProof, OAuthError, TokenRequest } from '@gatehouse/domain/oauth';
import type { Unit } from '@gatehouse/platform/database/store';
import type { PreparedTokens } from '../../../tokens/token-issuer.js';

/** Who makes a token request, and when. */
export interface GrantContext {
  /** It has authenticated, by credentials of {@link credentialsVersion}. */
  readonly client: Client;
  readonly credentialsVersion: number;
  readonly now: EpochSeconds;
  /** That it holds a key (RFC 9449): verified, not spent yet. Undefined where none was sent. */
  readonly proof: DpopProof | undefined;
}

/** What a grant type found. It validates; the endpoint issues. */
export type GrantResult =
  | {
      readonly kind: 'granted';
      readonly authority: Authority;
      /**
       * What ends the tokens when the client is disabled or handed over: the end of its grant, which was there before this
       * request; or only a look at the tokens of the client. The latter are stored only while the client's credentials are
       * as they were when it authenticated.
       */
      readonly endsWith: 'grant' | 'client';
      /**
       * Redeems what was presented, by a change that the unit requires ({@link Unit.expectChange}): all of the unit is undone
       * where another request came first.
       */
      redeem(unit: Unit, tokens: PreparedTokens): void;
    }
  /** The same request again after a lost response: the same bytes. */
  | { readonly kind: 'repeated'; readonly body: string }
  /** An error with which something must be written: the endpoint commits it before it responds. */
  | { readonly kind: 'denied'; readonly error: OAuthError; write(unit: Unit): Promise<unknown> };

/** One kind of authorization grant (RFC 6749 1.3); registered in `grant-types.ts`. */
export interface GrantType<Request extends TokenRequest> {
  /** @throws OAuthError when nothing needs to be written with the error */
  validate(request: Request, context: GrantContext): Promise<GrantResult>;
}
