import {
  BytesColumn,
  InstantColumn,
  IntegerColumn,
  SelectorPrimaryColumn,
  TextColumn,
} from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** A browser's login at this client. Read and written by the named statements beside this file. */
@Entity('sessions')
export class SessionEntity {
  /** Finds the row for the cookie's value; new at every login. */
  @SelectorPrimaryColumn()
  selector!: number;

  /** SHA-256 of the cookie's verifier. */
  @BytesColumn()
  verifierHash!: Buffer;

  /** SHA-256 of issuer, client and subject: by it a provider ends all sessions of a person. */
  @BytesColumn({ nullable: true })
  subjectHash!: Buffer | null;

  /** SHA-256 of issuer, client and the provider's session (`sid`), where it told one. */
  @BytesColumn({ nullable: true })
  providerSessionHash!: Buffer | null;

  /** Grows with every change of the content: two changes at once cannot undo one another. */
  @IntegerColumn()
  version!: number;

  /** Tokens and claims, AES-256-GCM under a key derived from the session secret, bound to this row. */
  @TextColumn()
  contentSealed!: string;

  @InstantColumn()
  createdAt!: number;

  /** When it ends whatever happens; the purge clears it later. */
  @InstantColumn()
  expiresAt!: number;
}
