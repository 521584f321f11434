import { InstantColumn, TextColumn } from '@gatehouse/platform/database/columns';
import { Entity, PrimaryColumn } from 'typeorm';

/** The issuer to which this database belongs: one row, written at the first start. */
@Entity('recorded_issuers')
export class RecordedIssuerEntity {
  /** Always 1. */
  @PrimaryColumn({ type: 'integer' })
  id!: number;

  /** Null in a database that was in use before issuers were recorded; the next start sets it. */
  @TextColumn({ nullable: true })
  issuer!: string | null;

  @InstantColumn()
  recordedAt!: number;
}
