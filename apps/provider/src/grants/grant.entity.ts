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

  /** The session it came from; it ends with it unless it is offline. */
  @IdColumn({ nullable: true })
  sessionId!: string | null;

  /** Space-separated (RFC 6749 3.3). */
  @TextColumn()
  scope!: string;

  /** Identifiers of the APIs that were allowed (RFC 8707), as JSON; null: our own endpoints alone. */
  @JsonColumn({ nullable: true })
  resources!: string[] | null;

  /** 1 when `offline_access` was consented to, and for devices: it outlives the session (OpenID Connect Core 11). */
  @IntegerColumn()
  isOffline!: number;

  /** When the person logged in; 0 where another issuer did not say so. */
  @InstantColumn()
  authTime!: number;

  @JsonColumn()
  amr!: string[];

  @TextColumn({ nullable: true })
  acr!: string | null;

  /** The checked `claims` parameter (OpenID Connect Core 5.5): what ID tokens and UserInfo tell beside the scope. */
  @JsonColumn({ nullable: true })
  claims!: object | null;

  @InstantColumn()
  createdAt!: number;

  @InstantColumn()
  lastUsedAt!: number;

  /** The latest end of any code or token that hangs on it; the purge clears it after that. */
  @InstantColumn()
  expiresAt!: number;

  @InstantColumn({ nullable: true })
  revokedAt!: number | null;
}

/** A client that a person authorized in a session that still lives, kept when its last grant is purged. */
@Entity('session_clients')
export class SessionClientEntity {
  /** That of the first grant that went. */
  @SelectorPrimaryColumn()
  selector!: number;

  @IdColumn()
  sessionId!: string;

  @IdColumn()
  clientId!: string;
}
