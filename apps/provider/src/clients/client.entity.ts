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

  /** Shown on the consent page. */
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

  /** The scopes that it may request. */
  @JsonColumn()
  scope!: string[];

  /** The scopes of a request without `scope`. */
  @JsonColumn()
  defaultScope!: string[];

  @TextColumn()
  idTokenSignedResponseAlg!: string;

  /** All other metadata: `ClientMetadata` of the domain, without absent members. */
  @JsonColumn({ maxLength: 200_000 })
  metadata!: object;

  /** False: a confidential client that may omit PKCE where `GATEHOUSE_PKCE=public`. */
  @FlagColumn()
  pkceRequired!: boolean;

  /** False: an administrator allowed it to skip the consent page. */
  @FlagColumn()
  consentRequired!: boolean;

  /** True: an administrator allowed it to get tokens in its own name for APIs that do not allow every client. */
  @FlagColumn({ name: 'acts_for_itself' })
  serviceAccount!: boolean;

  /** Rules (of the domain): the APIs for which it may exchange users' tokens. */
  @JsonColumn()
  tokenExchange!: object[];

  /** True: the credentials of an API, which introspects tokens and gets none. */
  @FlagColumn()
  resourceServer!: boolean;

  /** True: an administrator requires more than one factor for sign-ins to it. */
  @FlagColumn()
  secondFactorRequired!: boolean;

  /** The developer who may edit it; null: only administrators. */
  @IdColumn({ nullable: true })
  ownerId!: string | null;

  /** `admin`, `developer`, `registration` or `metadata_document`: who created it. */
  @TextColumn()
  source!: string;

  /** When an administrator approved a dynamically registered client; for all others, when it was created. */
  @InstantColumn({ nullable: true })
  approvedAt!: number | null;

  /** The last use by a user or the client itself, to the minute; initially the time of registration of a registered one. */
  @InstantColumn({ nullable: true })
  lastUsedAt!: number | null;

  /** The address of the registration, or its /64 for IPv6. */
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

  /** Since when it is restricted: it signs users in and gets nothing more. */
  @InstantColumn({ name: 'limited_at', nullable: true })
  restrictedAt!: number | null;

  /**
   * Incremented when its credentials or its own tokens are revoked. A request that authenticated with an earlier version
   * gets no token that depends only on them.
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
   * The secret itself, encrypted with AES-256-GCM under GATEHOUSE_SECRET_KEY and bound to this row. Only for clients
   * registered for algorithms that need it (HMAC, encryption with the secret); null otherwise.
   */
  @TextColumn({ nullable: true })
  secretSealed!: string | null;

  @InstantColumn()
  createdAt!: number;

  /** The end of the overlap; set when a newer secret replaces it. */
  @InstantColumn({ nullable: true })
  expiresAt!: number | null;
}
