import { InstantColumn, IntegerColumn } from '@gatehouse/platform/database/columns';
import { Entity, PrimaryColumn } from 'typeorm';

/** Failed tries of the admin password from one place. */
@Entity('password_failures')
export class PasswordFailureEntity {
  /** The address, its /64 for IPv6, or `*` for all together. */
  @PrimaryColumn({ type: 'text' })
  bucket!: string;

  /** When counting began anew; the purge clears rows whose window is over. */
  @InstantColumn()
  windowStartedAt!: number;

  @IntegerColumn()
  failures!: number;
}
