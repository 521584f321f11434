import {
  FlagColumn,
  IdColumn,
  InstantColumn,
  SelectorPrimaryColumn,
  TextColumn,
  TextPrimaryColumn,
} from '@gatehouse/platform/database/columns';
import { Entity, PrimaryColumn } from 'typeorm';

/** The number of events of a kind in an hour. Read and written by the named statements of its service. */
@Entity('activity_hours')
export class ActivityHourEntity {
  /** Hours since the epoch. */
  @PrimaryColumn({ type: 'integer' })
  hour!: number;

  @TextPrimaryColumn()
  kind!: string;

  @InstantColumn()
  count!: number;
}

/** A failed request (a protocol rule refused it). Read and written by the named statements of its service. */
@Entity('refusals')
export class FailedRequestEntity {
  @SelectorPrimaryColumn()
  selector!: number;

  /** As shown to the user and as in the log. */
  @TextColumn()
  requestId!: string;

  @InstantColumn()
  at!: number;

  @TextColumn()
  endpoint!: string;

  /** The stable id of the rule. */
  @TextColumn()
  reason!: string;

  /** The error code of the response. */
  @TextColumn()
  error!: string;

  @TextColumn()
  description!: string;

  /** As received: the client may not exist. */
  @TextColumn({ nullable: true })
  clientId!: string | null;

  /** Whether an approved confidential client authenticated. Such rows are bounded separately. */
  @FlagColumn()
  clientAuthenticated!: boolean;

  /** The administrator who was signed in to the browser that sent the request; goes with the row. */
  @IdColumn({ nullable: true })
  administratorId!: string | null;

  @TextColumn()
  address!: string;

  /** The received parameters as JSON, without secrets. */
  @TextColumn()
  parameters!: string;
}

/** Forms that were rejected for their origin, per hour. Read and written by the named statements of its service. */
@Entity('form_refusals')
export class RejectedFormEntity {
  /** One of `OriginRejection`. */
  @TextPrimaryColumn()
  reason!: string;

  /** Hours since the epoch. */
  @PrimaryColumn({ type: 'integer' })
  hour!: number;

  @InstantColumn()
  count!: number;
}

/** The number of failed requests of a source in an hour that were only counted, not stored. */
@Entity('refusal_counts')
export class FailedRequestCountEntity {
  @TextPrimaryColumn()
  source!: string;

  /** Hours since the epoch. */
  @PrimaryColumn({ type: 'integer' })
  hour!: number;

  @InstantColumn()
  count!: number;
}
