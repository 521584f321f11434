import {
  BytesColumn,
  IdColumn,
  InstantColumn,
  SelectorPrimaryColumn,
  TextColumn,
} from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** A pushed authorization request (RFC 9126). Read and written by the named statements beside this file. */
@Entity('pushed_requests')
export class PushedRequestEntity {
  @SelectorPrimaryColumn()
  selector!: number;

  /** SHA-256 of the verifier in the `request_uri`. */
  @BytesColumn()
  verifierHash!: Buffer;

  /** Who pushed it, and alone may use it. */
  @IdColumn()
  clientId!: string;

  /** The checked request, as a kept request has it. */
  @TextColumn()
  content!: string;

  @InstantColumn()
  createdAt!: number;

  /** Seconds after `createdAt`; purged then, used or not. */
  @InstantColumn()
  expiresAt!: number;

  /** The kept request that it became when a browser came with it; 0: that one is not stored but sealed. Null: unused. */
  @InstantColumn({ nullable: true })
  keptSelector!: number | null;
}
