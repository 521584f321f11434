import {
  BytesColumn,
  IdColumn,
  InstantColumn,
  IntegerColumn,
  SelectorPrimaryColumn,
  TextColumn,
} from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** An authorization code (RFC 6749 1.3.1). Read and written by the named statements beside this file. */
@Entity('authorization_codes')
export class AuthorizationCodeEntity {
  @SelectorPrimaryColumn()
  selector!: number;

  /** SHA-256 of the code's verifier. */
  @BytesColumn()
  verifierHash!: Buffer;

  /** The grant that it stands for. */
  @InstantColumn()
  grantSelector!: number;

  @IdColumn()
  clientId!: string;

  /** The one that the answer went to. */
  @TextColumn()
  redirectUri!: string;

  /** 1 when the request named it: then the token request must name it too (RFC 6749 4.1.3). */
  @IntegerColumn()
  redirectUriSent!: number;

  @TextColumn()
  scope!: string;

  /** S256 `code_challenge` (RFC 7636). */
  @TextColumn({ nullable: true })
  codeChallenge!: string | null;

  @TextColumn({ nullable: true })
  nonce!: string | null;

  /** Thumbprint of the key that alone may redeem it (`dpop_jkt`, RFC 9449 10). */
  @TextColumn({ nullable: true })
  dpopJkt!: string | null;

  @InstantColumn()
  issuedAt!: number;

  @InstantColumn()
  expiresAt!: number;

  /** When it was spent. A spent code is kept as long as its grant, so that a replay is seen. */
  @InstantColumn({ nullable: true })
  consumedAt!: number | null;
}
