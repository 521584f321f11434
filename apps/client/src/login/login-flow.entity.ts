import {
  BytesColumn,
  IdColumn,
  InstantColumn,
  SelectorPrimaryColumn,
  TextColumn,
} from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** A login in progress: found by its `state`, bound to one browser. */
@Entity('login_flows')
export class LoginFlowEntity {
  /** The first half of `state`. */
  @SelectorPrimaryColumn()
  selector!: number;

  /** SHA-256 of the second half of `state`. */
  @BytesColumn()
  verifierHash!: Buffer;

  /** SHA-256 of the cookie of the browser that started it: only this browser can complete it. */
  @BytesColumn()
  browserHash!: Buffer;

  /** The client address (IPv6: its /64) for rate limiting. */
  @TextColumn()
  address!: string;

  @IdColumn()
  providerId!: string;

  /** nonce, code_verifier, next address, messages; sealed and bound to this row. */
  @TextColumn()
  contentSealed!: string;

  @InstantColumn()
  createdAt!: number;

  /** When the purge deletes it. */
  @InstantColumn()
  expiresAt!: number;

  /** Set once, by the first response. */
  @InstantColumn({ nullable: true })
  consumedAt!: number | null;
}
