import { InstantColumn, TextColumn } from '@gatehouse/platform/database/columns';
import { Entity, PrimaryColumn } from 'typeorm';

/** The issuer that this database belongs to: one row, written by the first start and never by a later one. */
@Entity('recorded_issuers')
export class RecordedIssuerEntity {
  /** Always 1. */
  @PrimaryColumn({ type: 'integer' })
  id!: number;

  /** Null in a database that was in use before issuers were recorded; the next start fills it in. */
  @TextColumn({ nullable: true })
  issuer!: string | null;

  @InstantColumn()
  recordedAt!: number;
}
