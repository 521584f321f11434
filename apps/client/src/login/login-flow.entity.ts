import {
  BytesColumn,
  IdColumn,
  InstantColumn,
  SelectorPrimaryColumn,
  TextColumn,
} from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** A login that was begun: found by its `state`, bound to one browser. */
@Entity('login_flows')
export class LoginFlowEntity {
  /** The first half of `state`. */
  @SelectorPrimaryColumn()
  selector!: number;

  /** SHA-256 of the second half of `state`. */
  @BytesColumn()
  verifierHash!: Buffer;

  /** SHA-256 of the cookie of the browser in which it was begun: no other may finish it. */
  @BytesColumn()
  browserHash!: Buffer;

  /** Where it was begun, for counting: an address, or a /64. */
  @TextColumn()
  address!: string;

  @IdColumn()
  providerId!: string;

  /** nonce, code_verifier, next address, messages; sealed and bound to this row. */
  @TextColumn()
  contentSealed!: string;

  @InstantColumn()
  createdAt!: number;

  /** The purge clears it then. */
  @InstantColumn()
  expiresAt!: number;

  /** Set once, by the first answer. */
  @InstantColumn({ nullable: true })
  consumedAt!: number | null;
}
