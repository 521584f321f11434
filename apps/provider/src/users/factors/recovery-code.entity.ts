import { IdPrimaryColumn, InstantColumn, TextPrimaryColumn } from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** A one-time code that replaces a lost second factor. Written by the named statements of its service. */
@Entity('recovery_codes')
export class RecoveryCodeEntity {
  @IdPrimaryColumn()
  userId!: string;

  /** SHA-256 of the code's 120 random bits, in base64url. */
  @TextPrimaryColumn()
  codeHash!: string;

  @InstantColumn()
  createdAt!: number;

  /** Set when it is used; the row stays until new codes are generated. */
  @InstantColumn({ nullable: true })
  usedAt!: number | null;
}
