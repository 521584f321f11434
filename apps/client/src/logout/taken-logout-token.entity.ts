import { InstantColumn, TextPrimaryColumn } from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** A logout token that was taken: it is taken once. */
@Entity('taken_logout_tokens')
export class TakenLogoutTokenEntity {
  /** SHA-256 of its issuer and `jti`, base64url. */
  @TextPrimaryColumn()
  idHash!: string;

  /** When it would be refused anyway; the purge clears it later. */
  @InstantColumn()
  expiresAt!: number;
}
