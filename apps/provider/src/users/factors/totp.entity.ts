import { IdPrimaryColumn, InstantColumn, IntegerColumn, TextColumn } from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** A user's authenticator app. Written by the named statements of its service. */
@Entity('totp_factors')
export class TotpFactorEntity {
  @IdPrimaryColumn()
  userId!: string;

  /** The seed, 160 bits in base32, encrypted for this row. */
  @TextColumn()
  seedSealed!: string;

  /** The last time step (RFC 6238 4.2, 30 seconds) whose code was accepted: codes of it and earlier ones are rejected. */
  @InstantColumn()
  lastStep!: number;

  /** Wrong codes since the last valid one. */
  @IntegerColumn()
  failures!: number;

  @InstantColumn()
  createdAt!: number;

  @InstantColumn({ nullable: true })
  lastUsedAt!: number | null;
}
