import { IdPrimaryColumn, InstantColumn, JsonColumn, TextColumn } from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** A server whose assertions get access tokens here (RFC 7523 2.1). */
@Entity('trusted_issuers')
export class TrustedIssuerEntity {
  @IdPrimaryColumn()
  id!: string;

  /** The `iss` of its assertions; unique. */
  @TextColumn()
  issuer!: string;

  @TextColumn()
  name!: string;

  @TextColumn({ nullable: true })
  jwksUri!: string | null;

  @JsonColumn({ nullable: true, maxLength: 100_000 })
  jwks!: object | null;

  /** `username`, `email` or `id`: what its `sub` is here. */
  @TextColumn()
  subject!: string;

  /** Each a `client_id`. */
  @JsonColumn({ maxLength: 30_000 })
  clients!: string[];

  @JsonColumn({ maxLength: 30_000 })
  scope!: string[];

  /** Identifiers of the APIs that tokens may be for; null: the one that alone defines each scope. */
  @JsonColumn({ nullable: true, maxLength: 100_000 })
  resources!: string[] | null;

  @InstantColumn()
  createdAt!: number;

  @InstantColumn()
  updatedAt!: number;
}
