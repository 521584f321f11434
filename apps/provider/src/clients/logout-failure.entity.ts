import { InstantColumn, IntegerColumn, TextColumn, TextPrimaryColumn } from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/**
 * Back-channel logouts that do not reach a client: one row per client, deleted by the next one that arrives. Read and
 * written by the named statements of its service.
 */
@Entity('logout_failures')
export class LogoutFailureEntity {
  @TextPrimaryColumn()
  clientId!: string;

  /** The address of the last attempt: the row says nothing of another one that the client has since. */
  @TextColumn()
  uri!: string;

  /** Of the last attempt: short, stable and without secrets. */
  @TextColumn()
  reason!: string;

  /** 0: the last attempt will not be repeated by itself. */
  @IntegerColumn()
  retried!: number;

  /** Failed attempts at this address since the last logout that arrived. */
  @IntegerColumn()
  failures!: number;

  @InstantColumn()
  firstFailedAt!: number;

  @InstantColumn()
  lastFailedAt!: number;
}
