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

/** An initial access token (RFC 7591 1.2): whoever holds it may register clients. Made and removed by administrators. */
@Entity('initial_access_tokens')
export class InitialAccessTokenEntity {
  @IdPrimaryColumn()
  id!: string;

  /** SHA-256: the token has 256 random bits, a slow hash would add nothing. */
  @BytesColumn()
  tokenHash!: Buffer;

  /** Whom it was made for: a note of the administrator. */
  @TextColumn()
  name!: string;

  /** Clients that were registered with it. */
  @IntegerColumn()
  uses!: number;

  /** How many may be; null: any number. */
  @IntegerColumn({ name: 'most_uses', nullable: true })
  maxUses!: number | null;

  /** Clients that are registered with it are approved at once. */
  @FlagColumn()
  approves!: boolean;

  /** The administrator who made it; null: the command line, a service account. One that approves ends with their rights. */
  @IdColumn({ nullable: true })
  madeBy!: string | null;

  @InstantColumn()
  createdAt!: number;

  /** The purge clears it some time later; null: never. */
  @InstantColumn({ nullable: true })
  expiresAt!: number | null;

  @InstantColumn({ nullable: true })
  lastUsedAt!: number | null;
}

/** How many clients were registered from an address, or for a redirect host, in a window of time. */
@Entity('registration_rates')
export class RegistrationRateEntity {
  /** `a:` and an address, `h:` and a host; `d:` and `dh:` where metadata documents changed; or `q:` and an address whose quota is being counted. */
  @TextPrimaryColumn()
  bucket!: string;

  /** The purge clears the row after the window. */
  @InstantColumn()
  windowStartedAt!: number;

  @IntegerColumn()
  registrations!: number;
}
