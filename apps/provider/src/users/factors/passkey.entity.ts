import {
  BytesColumn,
  IdColumn,
  IdPrimaryColumn,
  InstantColumn,
  IntegerColumn,
  JsonColumn,
  TextColumn,
} from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** A WebAuthn credential of a person. Written by the named statements of its service. */
@Entity('passkeys')
export class PasskeyEntity {
  /** Ours: what pages and the audit log call it. */
  @IdPrimaryColumn()
  id!: string;

  @IdColumn()
  userId!: string;

  /** The authenticator's, in base64url; unique among all people. */
  @TextColumn()
  credentialId!: string;

  /** A COSE key (RFC 9052 7). */
  @BytesColumn()
  publicKey!: Buffer;

  /** The authenticator's count of signatures; 0 for those that do not count. */
  @InstantColumn()
  counter!: number;

  /** How browsers reach it: hints for the next time. */
  @JsonColumn()
  transports!: string[];

  /** Chosen by the person. */
  @TextColumn()
  name!: string;

  /** 1 when its keeper may copy it to other devices (WebAuthn 6.1.3, backup eligibility). */
  @IntegerColumn()
  isSynced!: number;

  @InstantColumn()
  createdAt!: number;

  @InstantColumn({ nullable: true })
  lastUsedAt!: number | null;
}
