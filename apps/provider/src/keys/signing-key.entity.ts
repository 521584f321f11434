import { IdPrimaryColumn, InstantColumn, JsonColumn, TextColumn } from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** A key pair of ours: one that signs, or one that others encrypt to. */
@Entity('signing_keys')
export class SigningKeyEntity {
  /** RFC 7638 thumbprint: unique to the key. */
  @IdPrimaryColumn()
  kid!: string;

  /** Its kind (`key-kinds.ts`), by the first of the algorithms that it serves. */
  @TextColumn()
  algorithm!: string;

  /** As the JWKS shows it. */
  @JsonColumn()
  publicJwk!: Record<string, unknown>;

  /** AES-256-GCM under GATEHOUSE_SECRET_KEY, bound to this row. */
  @TextColumn()
  privateJwkSealed!: string;

  @InstantColumn()
  createdAt!: number;

  /** Published since it was made, in use from here on: relying parties have fetched it by then. */
  @InstantColumn()
  signsFrom!: number;

  /** When it leaves the JWKS: nothing that it signed is alive by then. Null while there is no newer one. */
  @InstantColumn({ nullable: true })
  retiredAt!: number | null;
}
