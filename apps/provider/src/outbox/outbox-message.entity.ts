import { InstantColumn, IntegerColumn, SelectorPrimaryColumn, TextColumn } from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** Something that must reach others. Read and written by the named statements beside this file; gone when it arrived. */
@Entity('outbox_messages')
export class OutboxMessageEntity {
  @SelectorPrimaryColumn()
  selector!: number;

  /** The name of an `OutboxKind`. */
  @TextColumn()
  kind!: string;

  /** Where it goes, as far as one being down means that all is: an origin, a mail server. */
  @TextColumn()
  destination!: string;

  /** JSON, AES-256-GCM under GATEHOUSE_SECRET_KEY, bound to this row. */
  @TextColumn()
  payloadSealed!: string;

  @InstantColumn()
  createdAt!: number;

  /** Nobody wants to be told any more. */
  @InstantColumn()
  expiresAt!: number;

  /** When it may be attempted: while an attempt runs, when its lease ends. Null when it was given up. */
  @InstantColumn({ nullable: true })
  dueAt!: number | null;

  /** Attempts that were begun; also what tells one claim from the next. */
  @IntegerColumn()
  attempts!: number;

  /** Since when an attempt runs; null while none does. */
  @InstantColumn({ nullable: true })
  claimedAt!: number | null;

  /** When it was given up; the purge clears it days later. */
  @InstantColumn({ nullable: true })
  failedAt!: number | null;

  /** Why the last attempt did not arrive. */
  @TextColumn({ nullable: true })
  lastFailure!: string | null;
}
