import {
  BytesColumn,
  IdColumn,
  InstantColumn,
  JsonColumn,
  SelectorPrimaryColumn,
  TextColumn,
} from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** An access token (RFC 6749 1.4). Read and written by the named statements beside this file. */
@Entity('access_tokens')
export class AccessTokenEntity {
  @SelectorPrimaryColumn()
  selector!: number;

  /** SHA-256 of the token's verifier. */
  @BytesColumn()
  verifierHash!: Buffer;

  /** The grant on which it depends; null for a token of a client on its own behalf. */
  @InstantColumn({ nullable: true })
  grantSelector!: number | null;

  @IdColumn()
  clientId!: string;

  @IdColumn({ nullable: true })
  userId!: string | null;

  /** Identifiers of the APIs that it is for, as JSON; null: this server's own endpoints. */
  @JsonColumn({ nullable: true })
  audience!: string[] | null;

  @TextColumn()
  scope!: string;

  /** Thumbprint of the key that it is bound to (RFC 9449); null for a bearer token. */
  @TextColumn({ nullable: true })
  dpopJkt!: string | null; /** The actor, who acts for the user (RFC 8693 4.1), as JSON. */
  @JsonColumn({ nullable: true })
  act!: object | null;

  @InstantColumn()
  issuedAt!: number;

  @InstantColumn()
  expiresAt!: number;

  @InstantColumn({ nullable: true })
  revokedAt!: number | null;

  /** Coalesced: written at most once a minute. */
  @InstantColumn({ nullable: true })
  lastUsedAt!: number | null;
}

/** A refresh token (RFC 6749 1.5). Read and written by the named statements beside this file. */
@Entity('refresh_tokens')
export class RefreshTokenEntity {
  @SelectorPrimaryColumn()
  selector!: number;

  /** SHA-256 of the token's verifier. */
  @BytesColumn()
  verifierHash!: Buffer;

  @InstantColumn()
  grantSelector!: number;

  @IdColumn()
  clientId!: string;

  /** The scope that it can request: that of the grant. */
  @TextColumn()
  scope!: string;

  /** Thumbprint of the key that it is bound to (RFC 9449); null for a bearer token. */
  @TextColumn({ nullable: true })
  dpopJkt!: string | null;

  @InstantColumn()
  issuedAt!: number;

  @InstantColumn()
  expiresAt!: number;

  /** When it was exchanged for its successor. */
  @InstantColumn({ nullable: true })
  consumedAt!: number | null;

  @InstantColumn({ nullable: true })
  successorSelector!: number | null;

  /**
   * Used by the previous version: nothing writes it, and the next version drops it. See {@link RefreshReplayEntity}.
   */
  @TextColumn({ nullable: true })
  answerSealed!: string | null;

  /** Used by the previous version, as above. */
  @InstantColumn({ nullable: true })
  answerUntil!: number | null;
}

/**
 * The response that consumed a refresh token, for a client that repeats the request because it did not receive it.
 * Deleted soon after its window.
 */
@Entity('refresh_answers')
export class RefreshReplayEntity {
  /** The refresh token (or the access token) in the response; rows are in chronological order. */
  @SelectorPrimaryColumn()
  successorSelector!: number;

  /** Encrypted under a key derived from the presented token. */
  @TextColumn()
  sealed!: string;

  /** The end of the retry window. */
  @InstantColumn()
  until!: number;
}
