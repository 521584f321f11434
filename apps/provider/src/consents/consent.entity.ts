import { IdPrimaryColumn, InstantColumn, JsonColumn } from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** What a user allowed a client. */
@Entity('consents')
export class ConsentEntity {
  @IdPrimaryColumn()
  userId!: string;

  @IdPrimaryColumn()
  clientId!: string;

  /** At this server itself; see `resources` for rows of the version before. */
  @JsonColumn()
  scope!: string[];

  /** Names of claims that no scope asks for (OpenID Connect Core 5.5). */
  @JsonColumn()
  claims!: string[];

  /** Always `[]`, unless the version before wrote the row: then `scope` mixes the scopes of these APIs with the server's (ADR 20). */
  @JsonColumn()
  resources!: string[];

  /** Scopes at APIs, by the identifier of the API (RFC 8707). */
  @JsonColumn()
  resourceScopes!: Readonly<Record<string, string[]>>;

  @InstantColumn()
  createdAt!: number;

  @InstantColumn()
  updatedAt!: number;
}
