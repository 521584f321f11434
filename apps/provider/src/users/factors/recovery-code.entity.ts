import { IdPrimaryColumn, InstantColumn, TextPrimaryColumn } from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** A code that stands in for a lost second factor, once. Written by the named statements of its service. */
@Entity('recovery_codes')
export class RecoveryCodeEntity {
  @IdPrimaryColumn()
  userId!: string;

  /** SHA-256 of the code's 120 random bits, in base64url. */
  @TextPrimaryColumn()
  codeHash!: string;

  @InstantColumn()
  createdAt!: number;

  /** Set when it was used; the row stays until new codes are made. */
  @InstantColumn({ nullable: true })
  usedAt!: number | null;
}
