import {
  BytesColumn,
  IdColumn,
  InstantColumn,
  SelectorPrimaryColumn,
  TextColumn,
} from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** A request that waits for a user. Read and written by the named statements next to this file. */
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

  /** The network address (IPv6: its /64) of the request, by which its rate is limited. */
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

  /** When the user chose to continue with the account that was signed in (`prompt=select_account`). */
  @InstantColumn({ nullable: true })
  selectedAt!: number | null;

  /** When the client received its response; the row is kept until it expires, for the back button. */
  @InstantColumn({ nullable: true })
  answeredAt!: number | null;

  /** The user who was signed in when it started, or who signed in for it; null until then. */
  @IdColumn({ nullable: true })
  userId!: string | null;

  /** When pages stopped offering it: dismissed by the user, after a sign-out, or after another account signed in. Its id still works. */
  @InstantColumn({ nullable: true })
  dismissedAt!: number | null;
}
