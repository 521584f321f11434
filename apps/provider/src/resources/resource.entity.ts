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

  /** What people read on the consent page. */
  @TextColumn()
  name!: string;

  /** `{ name, sentence }` each: what the consent page says of a scope. */
  @JsonColumn({ maxLength: 100_000 })
  scopes!: { name: string; sentence: string }[];

  /** `jwt` (RFC 9068) or `opaque`. */
  @TextColumn()
  tokenFormat!: string;

  /** Of JWT access tokens. */
  @TextColumn()
  signingAlgorithm!: string;

  /** Seconds; null means the server's. */
  @IntegerColumn({ nullable: true })
  accessTokenLifetime!: number | null;

  /** `consent` or `anyone`: who may ask. */
  @TextColumn()
  access!: string;

  /** The client by whose credentials the API asks about tokens. */
  @IdColumn({ nullable: true })
  clientId!: string | null;

  @InstantColumn()
  createdAt!: number;

  @InstantColumn()
  updatedAt!: number;
}
