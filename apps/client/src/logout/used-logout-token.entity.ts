import { InstantColumn, TextPrimaryColumn } from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** The id of a consumed logout token, which is accepted only once. */
@Entity('taken_logout_tokens')
export class UsedLogoutTokenEntity {
  /** SHA-256 of its issuer and `jti`, base64url. */
  @TextPrimaryColumn()
  idHash!: string;

  /** When the token is rejected as expired; the purge deletes the row later. */
  @InstantColumn()
  expiresAt!: number;
}
