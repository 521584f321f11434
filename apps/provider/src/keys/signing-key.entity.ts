import { IdPrimaryColumn, InstantColumn, JsonColumn, TextColumn } from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** A key pair of this server, for signing or encryption. */
@Entity('signing_keys')
export class SigningKeyEntity {
  /** RFC 7638 thumbprint, unique per key. */
  @IdPrimaryColumn()
  kid!: string;

  /** The kind of key (`key-kinds.ts`), named by the first algorithm that it supports. */
  @TextColumn()
  algorithm!: string;

  /** As published in the JWKS. */
  @JsonColumn()
  publicJwk!: Record<string, unknown>;

  /** AES-256-GCM under GATEHOUSE_SECRET_KEY, bound to this row. */
  @TextColumn()
  privateJwkSealed!: string;

  @InstantColumn()
  createdAt!: number;

  /** When it starts to sign; it is published from its creation, so that relying parties have fetched it by then. */
  @InstantColumn()
  signsFrom!: number;

  /** When it is removed from the JWKS: nothing that it signed is valid by then. Null while there is no newer key. */
  @InstantColumn({ nullable: true })
  retiredAt!: number | null;
}
