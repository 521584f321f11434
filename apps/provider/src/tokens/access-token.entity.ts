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

  /** The grant that it lives with; null where the client acts for itself. */
  @InstantColumn({ nullable: true })
  grantSelector!: number | null;

  @IdColumn()
  clientId!: string;

  @IdColumn({ nullable: true })
  userId!: string | null;

  /** Identifiers of the APIs that it is for, as JSON; null: our own endpoints. */
  @JsonColumn({ nullable: true })
  audience!: string[] | null;

  @TextColumn()
  scope!: string;

  /** Thumbprint of the key that it is bound to (RFC 9449); null: whoever bears it may use it. */
  @TextColumn({ nullable: true })
  dpopJkt!: string | null;

  /** Who acts for the person (RFC 8693 4.1), as JSON. */
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

  /** What it may ask for: the scope of the grant. */
  @TextColumn()
  scope!: string;

  /** Thumbprint of the key that it is bound to (RFC 9449); null: whoever bears it may use it. */
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

  /** Of the version before: nothing writes it, and the next version drops it. See {@link RefreshReplayEntity}. */
  @TextColumn({ nullable: true })
  answerSealed!: string | null;

  /** Of the version before, as above. */
  @InstantColumn({ nullable: true })
  answerUntil!: number | null;
}

/** The answer that spent a refresh token, for a repeat after a lost answer. Cleared soon after its window. */
@Entity('refresh_answers')
export class RefreshReplayEntity {
  /** The refresh token (or the access token) that the answer gave: rows stand in the order of their time. */
  @SelectorPrimaryColumn()
  successorSelector!: number;

  /** Under a key that only the presented token gives. */
  @TextColumn()
  sealed!: string;

  /** Until when a repeat gets it. */
  @InstantColumn()
  until!: number;
}
