import {
  BytesColumn,
  InstantColumn,
  IntegerColumn,
  SelectorPrimaryColumn,
  TextColumn,
} from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** A browser's session at this client. Read and written by the named statements beside this file. */
@Entity('sessions')
export class SessionEntity {
  /** The first part of the cookie's value; new at every login. */
  @SelectorPrimaryColumn()
  selector!: number;

  /** SHA-256 of the cookie's verifier. */
  @BytesColumn()
  verifierHash!: Buffer;

  /** SHA-256 of issuer, client and subject, for ending all sessions of a user. */
  @BytesColumn({ nullable: true })
  subjectHash!: Buffer | null;

  /** SHA-256 of issuer, client and the provider's session (`sid`), if known. */
  @BytesColumn({ nullable: true })
  providerSessionHash!: Buffer | null;

  /** Incremented with every change of the content, for optimistic locking. */
  @IntegerColumn()
  version!: number;

  /** Tokens and claims, AES-256-GCM with a key derived from the session secret, bound to this row. */
  @TextColumn()
  contentSealed!: string;

  @InstantColumn()
  createdAt!: number;

  /** Absolute expiry; the purge deletes the row later. */
  @InstantColumn()
  expiresAt!: number;
}
