import {
  BytesColumn,
  IdColumn,
  InstantColumn,
  SelectorPrimaryColumn,
  TextColumn,
} from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** Where a browser was going before it had to log in. Read and written by the named statements beside this file. */
@Entity('kept_requests')
export class InteractionEntity {
  @SelectorPrimaryColumn()
  selector!: number;

  /** SHA-256 of the browser cookie that it is bound to. */
  @BytesColumn()
  browserHash!: Buffer;

  /** `authorization`, `device` or `address`. */
  @TextColumn()
  kind!: string;

  @IdColumn({ nullable: true })
  clientId!: string | null;

  /** The checked request or the device as JSON, or the address. */
  @TextColumn()
  parameters!: string;

  /** The network address (IPv6: its /64) that it came from: what its rate is counted by. */
  @TextColumn()
  address!: string;

  @InstantColumn()
  createdAt!: number;

  @InstantColumn()
  expiresAt!: number;

  @InstantColumn({ nullable: true })
  loggedInAt!: number | null;

  @InstantColumn({ nullable: true })
  consentedAt!: number | null;

  /** When the person chose to go on with the account that they were logged in with (`prompt=select_account`). */
  @InstantColumn({ nullable: true })
  selectedAt!: number | null;

  /** When the client got its answer; kept until it expires, for whoever presses the back button. */
  @InstantColumn({ nullable: true })
  answeredAt!: number | null;

  /** Who was signed in when it began, or signed in for it; null while nobody has. */
  @IdColumn({ nullable: true })
  userId!: string | null;

  /** When it stopped being offered: by the person, by a sign-out, or because another account signed in. Its id still works. */
  @InstantColumn({ nullable: true })
  dismissedAt!: number | null;
}
