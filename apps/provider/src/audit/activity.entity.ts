import {
  InstantColumn,
  SelectorPrimaryColumn,
  TextColumn,
  TextPrimaryColumn,
} from '@gatehouse/platform/database/columns';
import { Entity, PrimaryColumn } from 'typeorm';

/** How often something happened in an hour. Read and written by the named statements of its service. */
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

/** A request of the protocol that a rule refused. Read and written by the named statements of its service. */
@Entity('refusals')
export class FailedRequestEntity {
  @SelectorPrimaryColumn()
  selector!: number;

  /** As the person was shown it, and as in the log. */
  @TextColumn()
  requestId!: string;

  @InstantColumn()
  at!: number;

  @TextColumn()
  endpoint!: string;

  /** The stable id of the rule. */
  @TextColumn()
  reason!: string;

  /** The code that the client was told. */
  @TextColumn()
  error!: string;

  @TextColumn()
  description!: string;

  /** As it was sent: there may be no such client. */
  @TextColumn({ nullable: true })
  clientId!: string | null;

  @TextColumn()
  address!: string;

  /** JSON: what came, without secrets. */
  @TextColumn()
  parameters!: string;
}

/** Forms of pages that were refused for their origin in an hour. Read and written by the named statements of its service. */
@Entity('form_refusals')
export class RejectedFormEntity {
  /** One of `OriginRefusal`. */
  @TextPrimaryColumn()
  reason!: string;

  /** Hours since the epoch. */
  @PrimaryColumn({ type: 'integer' })
  hour!: number;

  @InstantColumn()
  count!: number;
}

/** How many more refusals a source had in an hour than are kept. */
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
