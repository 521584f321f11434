import type { Profile } from '@gatehouse/domain/oidc';
import {
  FlagColumn,
  IdPrimaryColumn,
  InstantColumn,
  JsonColumn,
  TextColumn,
} from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** A user account. */
@Entity('users')
export class UserEntity {
  /** The subject (`sub`) of tokens; never reassigned. */
  @IdPrimaryColumn()
  id!: string;

  /** As entered by the user. */
  @TextColumn()
  username!: string;

  /** In NFKC and lower case, for comparison; unique. */
  @TextColumn()
  usernameKey!: string;

  @TextColumn({ nullable: true })
  name!: string | null;

  @TextColumn({ nullable: true })
  givenName!: string | null;

  @TextColumn({ nullable: true })
  familyName!: string | null;

  @TextColumn({ nullable: true })
  email!: string | null;

  /** In lower case, for lookups. */
  @TextColumn({ nullable: true })
  emailKey!: string | null;

  @FlagColumn()
  emailVerified!: boolean;

  /** The other standard claims of OpenID Connect Core 5.1; null if none is set. */
  @JsonColumn({ nullable: true, maxLength: 16_384 })
  profile!: Profile | null;

  /** An Argon2id hash in PHC format; null until a password is set. */
  @TextColumn({ nullable: true })
  passwordHash!: string | null;

  @InstantColumn({ nullable: true })
  passwordChangedAt!: number | null;

  @InstantColumn()
  createdAt!: number;

  /** The last change of a claim; `updated_at` of OpenID Connect Core 5.1. */
  @InstantColumn()
  updatedAt!: number;

  @InstantColumn({ nullable: true })
  lastLoginAt!: number | null;

  /** Set while the account is disabled; its sessions and grants ended then. */
  @InstantColumn({ nullable: true })
  disabledAt!: number | null;

  /**
   * When all sessions, or all but the actor's own, were last ended, also because the account was reset or disabled; null: never.
   * Links to confirm an address that were mailed before are invalid.
   */
  @InstantColumn({ nullable: true })
  accessEndedAt!: number | null;
}

/** One role of one user. */
@Entity('user_roles')
export class UserRoleEntity {
  @IdPrimaryColumn()
  userId!: string;

  @IdPrimaryColumn()
  role!: string;
}
