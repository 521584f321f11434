import { InstantColumn, IntegerColumn, SelectorPrimaryColumn, TextColumn } from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** Vouches for a range of events. Read and written by the named statements of its service. */
@Entity('audit_seals')
export class AuditSealEntity {
  /** 1, 2, 3 …: one that is missing is missed. */
  @SelectorPrimaryColumn()
  number!: number;

  /** The selector of its last event; the first one follows the last of the seal before. */
  @InstantColumn()
  lastSelector!: number;

  @IntegerColumn()
  events!: number;

  /** SHA-256 of the seal before and of these events, hexadecimal. */
  @TextColumn()
  hash!: string;

  /** HMAC-SHA-256 of all that, under our key: whoever can write into the database cannot make it. */
  @TextColumn()
  mac!: string;

  @InstantColumn()
  sealedAt!: number;

  /** When its events were purged; the seal stays, so that what follows hangs on something. */
  @InstantColumn({ nullable: true })
  purgedAt!: number | null;
}
