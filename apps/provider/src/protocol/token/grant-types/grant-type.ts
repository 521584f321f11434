import type { EpochSeconds } from '@gatehouse/domain/kernel';
import type { AuthorizedGrant, Client, DpopProof, OAuthError, TokenRequest } from '@gatehouse/domain/oauth';
import type { Unit } from '@gatehouse/platform/database/store';
import type { PreparedTokens } from '../../../tokens/token-issuer.js';

/** The authenticated client of a token request, and its time. */
export interface GrantContext {
  /** Authenticated with credentials of {@link credentialsVersion}. */
  readonly client: Client;
  readonly credentialsVersion: number;
  readonly now: EpochSeconds;
  /** The verified DPoP proof (RFC 9449), not consumed yet; undefined if none was sent. */
  readonly proof: DpopProof | undefined;
}

/** The result of a grant type, which validates; the endpoint issues. */
export type GrantResult =
  | {
      readonly kind: 'granted';
      readonly authorizedGrant: AuthorizedGrant;
      /**
       * What revokes the tokens when the client is disabled or transferred: their grant, which existed before this
       * request, or only a scan of the client's tokens. In the latter case they are stored only if the client's
       * credentials have not changed since it authenticated.
       */
      readonly endsWith: 'grant' | 'client';
      /**
       * Consumes the presented credential with a change that the unit of work requires ({@link Unit.expectChange}): all
       * of it is rolled back if another request was first.
       */
      redeem(unit: Unit, tokens: PreparedTokens): void;
    }
  /** A repeated request whose response was not received: the same body. */
  | { readonly kind: 'repeated'; readonly body: string }
  /** An error that must be recorded: the endpoint commits the write before it responds. */
  | { readonly kind: 'denied'; readonly error: OAuthError; write(unit: Unit): Promise<unknown> };

/** One kind of authorization grant (RFC 6749 1.3); registered in `grant-types.ts`. */
export interface GrantType<Request extends TokenRequest> {
  /** @throws OAuthError if nothing needs to be written with the error */
  validate(request: Request, context: GrantContext): Promise<GrantResult>;
}
