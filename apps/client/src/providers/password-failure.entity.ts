import { InstantColumn, IntegerColumn } from '@gatehouse/platform/database/columns';
import { Entity, PrimaryColumn } from 'typeorm';

/** Failed attempts with the admin password from one address. */
@Entity('password_failures')
export class PasswordFailureEntity {
  /** The address, its /64 for IPv6, or `*` for all addresses together. */
  @PrimaryColumn({ type: 'text' })
  bucket!: string;

  /** Start of the window; the purge deletes rows whose window is over. */
  @InstantColumn()
  windowStartedAt!: number;

  @IntegerColumn()
  failures!: number;
}
