import { InstantColumn, TextPrimaryColumn } from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** The `jti` of something that may be used once: an assertion, a request object, a proof. */
@Entity('spent_ids')
export class ReplayCacheEntity {
  /** SHA-256, base64url, of whose it is and what it is: of one length, whatever a stranger sends. */
  @TextPrimaryColumn()
  idHash!: string;

  /** When what carried it is refused anyway; purged then. */
  @InstantColumn()
  expiresAt!: number;
}
