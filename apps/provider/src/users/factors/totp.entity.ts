import { IdPrimaryColumn, InstantColumn, IntegerColumn, TextColumn } from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** A person's authenticator app. Written by the named statements of its service. */
@Entity('totp_factors')
export class TotpFactorEntity {
  @IdPrimaryColumn()
  userId!: string;

  /** The seed, 160 bits in base32, sealed for this row. */
  @TextColumn()
  seedSealed!: string;

  /** The last time step (RFC 6238 4.2, of 30 seconds) whose code was taken: none up to it is taken again. */
  @InstantColumn()
  lastStep!: number;

  /** Wrong codes since the last right one. */
  @IntegerColumn()
  failures!: number;

  @InstantColumn()
  createdAt!: number;

  @InstantColumn({ nullable: true })
  lastUsedAt!: number | null;
}
