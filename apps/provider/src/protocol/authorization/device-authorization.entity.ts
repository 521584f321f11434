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

/** A device that waits for a person (RFC 8628). Read and written by the named statements beside this file. */
@Entity('device_authorizations')
export class DeviceAuthorizationEntity {
  @SelectorPrimaryColumn()
  selector!: number;

  /** SHA-256 of the device code's verifier. */
  @BytesColumn()
  verifierHash!: Buffer;

  /** HMAC of the user code under a key of ours: it has too few bits for a hash that anybody can compute. */
  @BytesColumn()
  userCodeHash!: Buffer;

  @IdColumn()
  clientId!: string;

  @TextColumn()
  scope!: string;

  /** Identifiers of the APIs that access is asked for (RFC 8707), as JSON; null: our own endpoints alone. */
  @JsonColumn({ nullable: true })
  resources!: string[] | null;

  @InstantColumn()
  createdAt!: number;

  @InstantColumn()
  expiresAt!: number;

  /** How long the device must wait between two polls; five more for each that came too soon. */
  @IntegerColumn()
  intervalSeconds!: number;

  @InstantColumn({ nullable: true })
  lastPolledAt!: number | null;

  /** When a person said yes or no. */
  @InstantColumn({ nullable: true })
  decidedAt!: number | null;

  /** What the yes gave; null with a decision: no. */
  @InstantColumn({ nullable: true })
  grantSelector!: number | null;

  /** When the device code was exchanged. */
  @InstantColumn({ nullable: true })
  consumedAt!: number | null;
}
