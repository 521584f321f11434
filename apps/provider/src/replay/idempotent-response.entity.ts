import {
  BytesColumn,
  InstantColumn,
  IntegerColumn,
  TextColumn,
  TextPrimaryColumn,
} from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** The response to a creation, for a repeated request with the same idempotency key. Read and written by the named statements of its service. */
@Entity('idempotent_answers')
export class IdempotentResponseEntity {
  /** SHA-256 of the actor, the endpoint and the idempotency key; hexadecimal. */
  @TextPrimaryColumn()
  id!: string;

  /** HMAC-SHA-256 of the request body: the same key with another body is rejected. */
  @BytesColumn()
  fingerprint!: Buffer;

  @IntegerColumn()
  status!: number;

  /** Sealed: it may contain a secret that is shown once. */
  @TextColumn()
  answerSealed!: string;

  @InstantColumn()
  expiresAt!: number;
}
