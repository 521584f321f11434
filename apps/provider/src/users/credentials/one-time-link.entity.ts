import {
  BytesColumn,
  FlagColumn,
  IdColumn,
  InstantColumn,
  SelectorPrimaryColumn,
  TextColumn,
} from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** A link that performs one action once. Read and written by the named statements of its service. */
@Entity('one_time_links')
export class OneTimeLinkEntity {
  @SelectorPrimaryColumn()
  selector!: number;

  /** SHA-256 of the link's verifier. */
  @BytesColumn()
  verifierHash!: Buffer;

  /** The action: `set-password`. */
  @TextColumn()
  purpose!: string;

  @IdColumn()
  userId!: string;

  /**
   * The administrator who created it and on whose rights it depends; null for a mail, the command line or a service
   * account.
   */
  @IdColumn({ name: 'made_by', nullable: true })
  createdBy!: string | null;

  /** The client with whose access token it was created and on whose rights it depends; null for one created otherwise. */
  @IdColumn({ name: 'made_via_client', nullable: true })
  createdViaClient!: string | null;

  /** Whether setting the password signs in: true for links created by an administrator or the command line. */
  @FlagColumn()
  signsIn!: boolean;

  @InstantColumn()
  createdAt!: number;

  @InstantColumn()
  expiresAt!: number;

  @InstantColumn({ nullable: true })
  consumedAt!: number | null;
}
