import {
  BytesColumn,
  IdColumn,
  InstantColumn,
  IntegerColumn,
  JsonColumn,
  SelectorPrimaryColumn,
  TextColumn,
} from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** A device that waits for a user (RFC 8628). Read and written by the named statements next to this file. */
@Entity('device_authorizations')
export class DeviceAuthorizationEntity {
  @SelectorPrimaryColumn()
  selector!: number;

  /** SHA-256 of the device code's verifier. */
  @BytesColumn()
  verifierHash!: Buffer;

  /** HMAC of the user code under a server key: the code has too little entropy for an unkeyed hash. */
  @BytesColumn()
  userCodeHash!: Buffer;

  @IdColumn()
  clientId!: string;

  @TextColumn()
  scope!: string;

  /** Identifiers of the requested APIs (RFC 8707), as JSON; null: only this server's endpoints. */
  @JsonColumn({ nullable: true })
  resources!: string[] | null;

  @InstantColumn()
  createdAt!: number;

  @InstantColumn()
  expiresAt!: number;

  /** Minimum time between two polls; increased by five for each poll that came too soon. */
  @IntegerColumn()
  intervalSeconds!: number;

  @InstantColumn({ nullable: true })
  lastPolledAt!: number | null;

  /** When a user approved or denied it. */
  @InstantColumn({ nullable: true })
  decidedAt!: number | null;

  /** The grant of an approval; null after a decision: denied. */
  @InstantColumn({ nullable: true })
  grantSelector!: number | null;

  /** When the device code was exchanged. */
  @InstantColumn({ nullable: true })
  consumedAt!: number | null;
}
