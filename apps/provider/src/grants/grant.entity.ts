import {
  IdColumn,
  InstantColumn,
  IntegerColumn,
  JsonColumn,
  SelectorPrimaryColumn,
  TextColumn,
} from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** One completed authorization. Read and written by the named statements beside this file. */
@Entity('grants')
export class GrantEntity {
  @SelectorPrimaryColumn()
  selector!: number;

  @IdColumn()
  clientId!: string;

  @IdColumn()
  userId!: string;

  /** Its session: the grant ends with it unless it is offline. */
  @IdColumn({ nullable: true })
  sessionId!: string | null;

  /** The issuer for whose assertion it was created (RFC 7523): the grant ends with it. Null for a user's authorization. */
  @IdColumn({ nullable: true })
  trustedIssuerId!: string | null;

  /** Space-separated (RFC 6749 3.3). */
  @TextColumn()
  scope!: string;

  /** Identifiers of the allowed APIs (RFC 8707), as JSON; null: only this server's own endpoints. */
  @JsonColumn({ nullable: true })
  resources!: string[] | null;

  /** 1 when `offline_access` was consented to, and for devices: it outlives the session (OpenID Connect Core 11). */
  @IntegerColumn()
  isOffline!: number;

  /** When the user logged in; 0 if another issuer did not provide it. */
  @InstantColumn()
  authTime!: number;

  @JsonColumn()
  amr!: string[];

  @TextColumn({ nullable: true })
  acr!: string | null;

  /** The checked `claims` parameter (OpenID Connect Core 5.5): claims in ID tokens and UserInfo besides those of the scope. */
  @JsonColumn({ nullable: true })
  claims!: object | null;

  @InstantColumn()
  createdAt!: number;

  @InstantColumn()
  lastUsedAt!: number;

  /** The latest expiry of its codes and tokens; the purge deletes it after that. */
  @InstantColumn()
  expiresAt!: number;

  @InstantColumn({ nullable: true })
  revokedAt!: number | null;
}

/** A client that a user authorized in an active session, saved when its last grant is purged. */
@Entity('session_clients')
export class SessionClientEntity {
  /** The selector of the first purged grant. */
  @SelectorPrimaryColumn()
  selector!: number;

  @IdColumn()
  sessionId!: string;

  @IdColumn()
  clientId!: string;
}
