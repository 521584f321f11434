import {
  BytesColumn,
  FlagColumn,
  IdColumn,
  IdPrimaryColumn,
  InstantColumn,
  IntegerColumn,
  JsonColumn,
  TextColumn,
} from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** A registered OAuth client (RFC 6749 2). */
@Entity('clients')
export class ClientEntity {
  /** The `client_id`. */
  @IdPrimaryColumn()
  id!: string;

  /** What people read on the consent page. */
  @TextColumn()
  name!: string;

  /** `confidential` or `public` (RFC 6749 2.1). */
  @TextColumn()
  type!: string;

  /** `web` or `native` (OpenID Connect Registration 2). */
  @TextColumn()
  applicationType!: string;

  /** `token_endpoint_auth_method`. */
  @TextColumn()
  authMethod!: string;

  @JsonColumn()
  redirectUris!: string[];

  /** Used when an OAuth request names none; a member of `redirectUris`. */
  @TextColumn({ nullable: true })
  defaultRedirectUri!: string | null;

  @JsonColumn()
  postLogoutRedirectUris!: string[];

  @JsonColumn()
  grantTypes!: string[];

  @JsonColumn()
  responseTypes!: string[];

  /** What it may ask for. */
  @JsonColumn()
  scope!: string[];

  /** What a request without `scope` means. */
  @JsonColumn()
  defaultScope!: string[];

  @TextColumn()
  idTokenSignedResponseAlg!: string;

  /** What it says of itself beside that: `ClientMetadata` of the domain, what is absent left out. */
  @JsonColumn({ maxLength: 200_000 })
  metadata!: object;

  /** False: a confidential client that need not send PKCE where `GATEHOUSE_PKCE=public`. */
  @FlagColumn()
  pkceRequired!: boolean;

  /** False: an administrator lets it go without the consent page. */
  @FlagColumn()
  consentRequired!: boolean;

  /** True: an administrator lets it get tokens for itself at APIs that do not let anyone. */
  @FlagColumn({ name: 'acts_for_itself' })
  serviceAccount!: boolean;

  /** Rules of the domain: the APIs that it may exchange people's tokens for. */
  @JsonColumn()
  tokenExchange!: object[];

  /** True: the credentials of an API, which asks about tokens and gets none. */
  @FlagColumn()
  resourceServer!: boolean;

  /** True: an administrator wants more than one factor of whoever logs in there. */
  @FlagColumn()
  secondFactorRequired!: boolean;

  /** The developer who may edit it; null: administrators alone. */
  @IdColumn({ nullable: true })
  ownerId!: string | null;

  /** `admin`, `developer`, `registration` or `metadata_document`: who made it. */
  @TextColumn()
  source!: string;

  /** When an administrator looked at a client that was registered by protocol; of all others when it was made. */
  @InstantColumn({ nullable: true })
  approvedAt!: number | null;

  /** When people or the client itself used it last, to the minute; of a registered one at first when it was registered. */
  @InstantColumn({ nullable: true })
  lastUsedAt!: number | null;

  /** Where a registration came from: the address, or its /64 for IPv6. */
  @TextColumn({ nullable: true })
  registeredAddress!: string | null;

  /** The id of the initial access token that it was registered with, or `setting`; null in open registration. */
  @TextColumn({ nullable: true })
  registeredWith!: string | null;

  /** SHA-256 of the registration access token (RFC 7592); replaced by each update. */
  @BytesColumn({ nullable: true })
  registrationTokenHash!: Buffer | null;

  @InstantColumn()
  createdAt!: number;

  @InstantColumn()
  updatedAt!: number;

  @InstantColumn({ nullable: true })
  disabledAt!: number | null;

  /** Since when it may log people in and nothing more. */
  @InstantColumn({ name: 'limited_at', nullable: true })
  restrictedAt!: number | null;

  /**
   * Raised by whatever ends its credentials or its own tokens. A request that authenticated under an earlier one gets no
   * token that only these end.
   */
  @IntegerColumn()
  credentialsVersion!: number;
}

/** One secret of a client; several are valid while one is being replaced. */
@Entity('client_secrets')
export class ClientSecretEntity {
  @IdPrimaryColumn()
  id!: string;

  @IdColumn()
  clientId!: string;

  /** SHA-256: the secret has 256 random bits, a slow hash would add nothing. */
  @BytesColumn()
  secretHash!: Buffer;

  /**
   * The secret itself, AES-256-GCM under GATEHOUSE_SECRET_KEY, bound to this row: only where the client is registered for
   * what cannot be done with a hash (HMAC, encryption by the secret). Null for all others.
   */
  @TextColumn({ nullable: true })
  secretSealed!: string | null;

  @InstantColumn()
  createdAt!: number;

  /** Set when a newer one replaced it: the end of the overlap. */
  @InstantColumn({ nullable: true })
  expiresAt!: number | null;
}
