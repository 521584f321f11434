import { BytesColumn, InstantColumn, SelectorPrimaryColumn } from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** A browser in which the admin password was entered. */
@Entity('admin_sessions')
export class AdminSessionEntity {
  @SelectorPrimaryColumn()
  selector!: number;

  /** SHA-256 of the cookie's verifier. */
  @BytesColumn()
  verifierHash!: Buffer;

  @InstantColumn()
  createdAt!: number;

  /** When the purge deletes it. */
  @InstantColumn()
  expiresAt!: number;
}
