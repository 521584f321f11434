import {
  IdColumn,
  IdPrimaryColumn,
  InstantColumn,
  IntegerColumn,
  JsonColumn,
  TextColumn,
} from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** An API that access tokens are for (RFC 8707). */
@Entity('resources')
export class ResourceEntity {
  @IdPrimaryColumn()
  id!: string;

  /** The `resource` of requests and the `aud` of tokens; unique. */
  @TextColumn()
  identifier!: string;

  /** The name on the consent page. */
  @TextColumn()
  name!: string;

  /** `{ name, sentence }` each: the consent page describes a scope with the sentence. */
  @JsonColumn({ maxLength: 100_000 })
  scopes!: { name: string; sentence: string }[];

  /** `jwt` (RFC 9068) or `opaque`. */
  @TextColumn()
  tokenFormat!: string;

  /** The algorithm of JWT access tokens. */
  @TextColumn()
  signingAlgorithm!: string;

  /** Seconds; null for the server's default. */
  @IntegerColumn({ nullable: true })
  accessTokenLifetime!: number | null;

  /** `consent` or `anyone`: which clients get tokens. */
  @TextColumn()
  access!: string;

  /** The client whose credentials the API uses for introspection. */
  @IdColumn({ nullable: true })
  clientId!: string | null;

  @InstantColumn()
  createdAt!: number;

  @InstantColumn()
  updatedAt!: number;
}
