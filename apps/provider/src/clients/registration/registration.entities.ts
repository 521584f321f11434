import {
  BytesColumn,
  FlagColumn,
  IdColumn,
  IdPrimaryColumn,
  InstantColumn,
  IntegerColumn,
  TextColumn,
  TextPrimaryColumn,
} from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** An initial access token (RFC 7591 1.2): its holder may register clients. Created and deleted by administrators. */
@Entity('initial_access_tokens')
export class InitialAccessTokenEntity {
  @IdPrimaryColumn()
  id!: string;

  /** SHA-256: the token has 256 random bits, a slow hash would add nothing. */
  @BytesColumn()
  tokenHash!: Buffer;

  /** A note of the administrator: whom it is for. */
  @TextColumn()
  name!: string;

  /** The number of clients that were registered with it. */
  @IntegerColumn()
  uses!: number;

  /** The maximum of `uses`; null: unlimited. */
  @IntegerColumn({ name: 'most_uses', nullable: true })
  maxUses!: number | null;

  /** Clients that are registered with it are approved at once. */
  @FlagColumn()
  approves!: boolean;

  /**
   * The administrator who created it; null: the command line, a service account. If it approves, it is deleted when
   * they lose their rights or their account is reset.
   */
  @IdColumn({ name: 'made_by', nullable: true })
  createdBy!: string | null;

  /**
   * The client with whose access token it was created; null for one created otherwise. If it approves, it is deleted when
   * the rights of that client end.
   */
  @IdColumn({ name: 'made_via_client', nullable: true })
  createdViaClient!: string | null;

  @InstantColumn()
  createdAt!: number;

  /** The purge deletes the row some time later; null: never. */
  @InstantColumn({ nullable: true })
  expiresAt!: number | null;

  @InstantColumn({ nullable: true })
  lastUsedAt!: number | null;
}

/** The number of registrations from an address, or for a redirect host, in a time window. */
@Entity('registration_rates')
export class RegistrationRateEntity {
  /**
   * `a:`ADDRESS, `h:`HOST; for updates `u:`ADDRESS; for changed metadata documents `d:`ADDRESS and `dh:`HOST;
   * `q:`ADDRESS locks a quota.
   */
  @TextPrimaryColumn()
  bucket!: string;

  /** The purge deletes the row after the window. */
  @InstantColumn()
  windowStartedAt!: number;

  @IntegerColumn()
  registrations!: number;
}
