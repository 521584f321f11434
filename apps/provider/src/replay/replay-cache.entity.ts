import { InstantColumn, TextPrimaryColumn } from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** The `jti` of a credential that may be used once: an assertion, a request object, a DPoP proof. */
@Entity('spent_ids')
export class ReplayCacheEntity {
  /** SHA-256, base64url, of issuer and `jti`: of a fixed length, whatever a client sends. */
  @TextPrimaryColumn()
  idHash!: string;

  /** When the credential is rejected as expired anyway; the row is purged then. */
  @InstantColumn()
  expiresAt!: number;
}
