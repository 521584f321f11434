import {
  BytesColumn,
  InstantColumn,
  IntegerColumn,
  TextColumn,
  TextPrimaryColumn,
} from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** What a creation answered, for whoever asks again with the same key. Read and written by the named statements of its service. */
@Entity('idempotent_answers')
export class IdempotentResponseEntity {
  /** SHA-256 of who asked, where, and the key; hexadecimal. */
  @TextPrimaryColumn()
  id!: string;

  /** SHA-256 of the body: the same key with another one is refused. */
  @BytesColumn()
  fingerprint!: Buffer;

  @IntegerColumn()
  status!: number;

  /** Sealed: it may hold a secret that is shown once. */
  @TextColumn()
  answerSealed!: string;

  @InstantColumn()
  expiresAt!: number;
}
