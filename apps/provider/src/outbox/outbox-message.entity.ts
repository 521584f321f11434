import { InstantColumn, IntegerColumn, SelectorPrimaryColumn, TextColumn } from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** A message to deliver. Read and written by the named statements next to this file; deleted when it was delivered. */
@Entity('outbox_messages')
export class OutboxMessageEntity {
  @SelectorPrimaryColumn()
  selector!: number;

  /** The name of an `OutboxKind`. */
  @TextColumn()
  kind!: string;

  /** The destination as a unit of availability: an origin, a mail server. */
  @TextColumn()
  destination!: string;

  /** JSON, AES-256-GCM under GATEHOUSE_SECRET_KEY, bound to this row. */
  @TextColumn()
  payloadSealed!: string;

  @InstantColumn()
  createdAt!: number;

  /** After this instant a delivery is no longer useful. */
  @InstantColumn()
  expiresAt!: number;

  /** When the next attempt may start; during an attempt, when its lease ends. Null when the message was given up. */
  @InstantColumn({ nullable: true })
  dueAt!: number | null;

  /** Number of started attempts; also distinguishes one claim from the next. */
  @IntegerColumn()
  attempts!: number;

  /** Start of the running attempt; null while there is none. */
  @InstantColumn({ nullable: true })
  claimedAt!: number | null;

  /** When the message was given up; the purge deletes it days later. */
  @InstantColumn({ nullable: true })
  failedAt!: number | null;

  /** Why the last attempt failed. */
  @TextColumn({ nullable: true })
  lastFailure!: string | null;
}
