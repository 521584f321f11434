import {
  BytesColumn,
  FlagColumn,
  IdColumn,
  InstantColumn,
  SelectorPrimaryColumn,
  TextColumn,
} from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** A link that does one thing once. Read and written by the named statements of its service. */
@Entity('one_time_links')
export class OneTimeLinkEntity {
  @SelectorPrimaryColumn()
  selector!: number;

  /** SHA-256 of the link's verifier. */
  @BytesColumn()
  verifierHash!: Buffer;

  /** What it does: `set-password`. */
  @TextColumn()
  purpose!: string;

  @IdColumn()
  userId!: string;

  /** The administrator who made it, whose rights it rests on; null: a mail, the command line, a service account. */
  @IdColumn({ nullable: true })
  madeBy!: string | null;

  /** Whether setting the password signs in: true for links that an administrator or the command line made. */
  @FlagColumn()
  signsIn!: boolean;

  @InstantColumn()
  createdAt!: number;

  @InstantColumn()
  expiresAt!: number;

  @InstantColumn({ nullable: true })
  consumedAt!: number | null;
}
