import {
  BytesColumn,
  IdColumn,
  InstantColumn,
  SelectorPrimaryColumn,
  TextColumn,
} from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** A pushed authorization request (RFC 9126). Read and written by the named statements next to this file. */
@Entity('pushed_requests')
export class PushedRequestEntity {
  @SelectorPrimaryColumn()
  selector!: number;

  /** SHA-256 of the verifier in the `request_uri`. */
  @BytesColumn()
  verifierHash!: Buffer;

  /** The client that pushed it: no other may use it. */
  @IdColumn()
  clientId!: string;

  /** The checked request, in the same form as in an interaction. */
  @TextColumn()
  content!: string;

  @InstantColumn()
  createdAt!: number;

  /** Seconds after `createdAt`; the row is purged then, used or not. */
  @InstantColumn()
  expiresAt!: number;

  /** The interaction that was created when a browser used it; 0: that one is sealed, not stored. Null: unused. */
  @InstantColumn({ nullable: true })
  keptSelector!: number | null;
}
