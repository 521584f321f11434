import { IdPrimaryColumn, InstantColumn, JsonColumn } from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** What a user allowed a client. */
@Entity('consents')
export class ConsentEntity {
  @IdPrimaryColumn()
  userId!: string;

  @IdPrimaryColumn()
  clientId!: string;

  /** Scopes of this server itself; see `resources` for rows of the previous version. */
  @JsonColumn()
  scope!: string[];

  /** Names of claims that are not part of a scope (OpenID Connect Core 5.5). */
  @JsonColumn()
  claims!: string[];

  /** Always `[]`, unless the previous version wrote the row: then `scope` also has the scopes of these APIs (ADR 20). */
  @JsonColumn()
  resources!: string[];

  /** Scopes of APIs, by the identifier of the API (RFC 8707). */
  @JsonColumn()
  resourceScopes!: Readonly<Record<string, string[]>>;

  @InstantColumn()
  createdAt!: number;

  @InstantColumn()
  updatedAt!: number;
}
