import { IdPrimaryColumn, InstantColumn, IntegerColumn, TextPrimaryColumn } from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** Failed logins of one bucket: an account, an address, or both. Written by the named statements of its service. */
@Entity('login_failures')
export class LoginFailureEntity {
  /** The kind of counter, and a keyed digest of the account, address or e-mail address. */
  @TextPrimaryColumn()
  bucket!: string;

  @InstantColumn()
  windowStartedAt!: number;

  @IntegerColumn()
  failures!: number;
}

/** An address from which a user logged in within the last thirty days. */
@Entity('known_addresses')
export class KnownAddressEntity {
  @IdPrimaryColumn()
  userId!: string;

  @TextPrimaryColumn()
  address!: string;

  @InstantColumn()
  lastLoginAt!: number;
}
