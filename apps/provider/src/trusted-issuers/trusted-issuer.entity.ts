import { IdPrimaryColumn, InstantColumn, JsonColumn, TextColumn } from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** A server whose assertions can be exchanged for access tokens (RFC 7523 2.1). */
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

  /** `username`, `email` or `id`: how its `sub` identifies a user. */
  @TextColumn()
  subject!: string;

  /** The `client_id` of each client. */
  @JsonColumn({ maxLength: 30_000 })
  clients!: string[];

  @JsonColumn({ maxLength: 30_000 })
  scope!: string[];

  /** Identifiers of the APIs that tokens may be for; null: for each scope the only API that defines it. */
  @JsonColumn({ nullable: true, maxLength: 100_000 })
  resources!: string[] | null;

  @InstantColumn()
  createdAt!: number;

  @InstantColumn()
  updatedAt!: number;
}
