import {
  BytesColumn,
  IdColumn,
  InstantColumn,
  SelectorPrimaryColumn,
  TextColumn,
} from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** A browser in which a person is not asked for their second factor for a while. */
@Entity('trusted_browsers')
export class TrustedBrowserEntity {
  @SelectorPrimaryColumn()
  selector!: number;

  /** SHA-256 of the cookie's verifier. */
  @BytesColumn()
  verifierHash!: Buffer;

  @IdColumn()
  userId!: string;

  /** SHA-256 of the browser cookie that it is bound to. */
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

  /** The end that the person chose; the purge clears it later. */
  @InstantColumn()
  expiresAt!: number;
}
