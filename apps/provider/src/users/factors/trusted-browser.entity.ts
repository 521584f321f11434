import {
  BytesColumn,
  IdColumn,
  InstantColumn,
  SelectorPrimaryColumn,
  TextColumn,
} from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** A browser in which a user does not need the second factor for some time. */
@Entity('trusted_browsers')
export class TrustedBrowserEntity {
  @SelectorPrimaryColumn()
  selector!: number;

  /** SHA-256 of the cookie's verifier. */
  @BytesColumn()
  verifierHash!: Buffer;

  @IdColumn()
  userId!: string;

  /** SHA-256 of the browser cookie to which it is bound. */
  @BytesColumn()
  browserHash!: Buffer;

  @TextColumn({ nullable: true })
  userAgent!: string | null;

  @TextColumn({ nullable: true })
  address!: string | null;

  @InstantColumn()
  createdAt!: number;

  @InstantColumn()
  lastUsedAt!: number;

  /** The expiry that the user chose; the purge deletes the row later. */
  @InstantColumn()
  expiresAt!: number;
}
