import {
  BytesColumn,
  IdColumn,
  InstantColumn,
  IntegerColumn,
  SelectorPrimaryColumn,
  TextColumn,
} from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** An authorization code (RFC 6749 1.3.1). Read and written by the named statements next to this file. */
@Entity('authorization_codes')
export class AuthorizationCodeEntity {
  @SelectorPrimaryColumn()
  selector!: number;

  /** SHA-256 of the code's verifier. */
  @BytesColumn()
  verifierHash!: Buffer;

  /** The grant that the code was issued for. */
  @InstantColumn()
  grantSelector!: number;

  @IdColumn()
  clientId!: string;

  /** The redirect URI that the response was sent to. */
  @TextColumn()
  redirectUri!: string;

  /** 1 when the authorization request named it: then the token request must name it too (RFC 6749 4.1.3). */
  @IntegerColumn()
  redirectUriSent!: number;

  @TextColumn()
  scope!: string;

  /** S256 `code_challenge` (RFC 7636). */
  @TextColumn({ nullable: true })
  codeChallenge!: string | null;

  @TextColumn({ nullable: true })
  nonce!: string | null;

  /** Thumbprint of the only key that may redeem the code (`dpop_jkt`, RFC 9449 10). */
  @TextColumn({ nullable: true })
  dpopJkt!: string | null;

  @InstantColumn()
  issuedAt!: number;

  @InstantColumn()
  expiresAt!: number;

  /** When the code was consumed. A consumed code is kept as long as its grant, so that a replay is detected. */
  @InstantColumn({ nullable: true })
  consumedAt!: number | null;
}
