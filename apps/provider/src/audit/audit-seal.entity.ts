import { InstantColumn, IntegerColumn, SelectorPrimaryColumn, TextColumn } from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** Authenticates a range of events. Read and written by the named statements of its service. */
@Entity('audit_seals')
export class AuditSealEntity {
  /** 1, 2, 3 …, so that a missing seal is detected. */
  @SelectorPrimaryColumn()
  number!: number;

  /** The selector of its last event; its first event follows the last one of the previous seal. */
  @InstantColumn()
  lastSelector!: number;

  @IntegerColumn()
  events!: number;

  /** SHA-256 of the previous seal's hash and of these events, hexadecimal. */
  @TextColumn()
  hash!: string;

  /**
   * HMAC-SHA-256 of the columns, with a key derived from GATEHOUSE_SECRET_KEY: write access to the database does not
   * suffice to forge it.
   */
  @TextColumn()
  mac!: string;

  @InstantColumn()
  sealedAt!: number;

  /** When its events were purged; the seal is kept as the predecessor of the next one. */
  @InstantColumn({ nullable: true })
  purgedAt!: number | null;
}
