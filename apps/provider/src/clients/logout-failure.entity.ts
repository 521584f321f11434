import { InstantColumn, IntegerColumn, TextColumn, TextPrimaryColumn } from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/**
 * Back-channel logouts that could not be delivered to a client: one row per client, deleted by the next successful
 * delivery. Read and written by the named statements of its service.
 */
@Entity('logout_failures')
export class LogoutFailureEntity {
  @TextPrimaryColumn()
  clientId!: string;

  /** The URI of the last attempt: the row does not apply to a URI that the client registered later. */
  @TextColumn()
  uri!: string;

  /** Why the last attempt failed: short, stable and without secrets. */
  @TextColumn()
  reason!: string;

  /** 0: the last logout is not retried. */
  @IntegerColumn()
  retried!: number;

  /** Failed attempts at this URI since the last successful delivery. */
  @IntegerColumn()
  failures!: number;

  @InstantColumn()
  firstFailedAt!: number;

  @InstantColumn()
  lastFailedAt!: number;
}
