import type { Profile } from '@gatehouse/domain/oidc';
import {
  FlagColumn,
  IdPrimaryColumn,
  InstantColumn,
  JsonColumn,
  TextColumn,
} from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** A person's account. */
@Entity('users')
export class UserEntity {
  /** The subject (`sub`) of every token; never given to another person. */
  @IdPrimaryColumn()
  id!: string;

  /** As the person writes it. */
  @TextColumn()
  username!: string;

  /** NFKC, lower case: what is compared; unique. */
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

  /** Lower case: what is searched. */
  @TextColumn({ nullable: true })
  emailKey!: string | null;

  @FlagColumn()
  emailVerified!: boolean;

  /** The other standard claims of OpenID Connect Core 5.1; null while they gave none. */
  @JsonColumn({ nullable: true, maxLength: 16_384 })
  profile!: Profile | null;

  /** Argon2id in PHC form; null until the person has set a password. */
  @TextColumn({ nullable: true })
  passwordHash!: string | null;

  @InstantColumn({ nullable: true })
  passwordChangedAt!: number | null;

  @InstantColumn()
  createdAt!: number;

  /** Last change of a claim; `updated_at` of OpenID Connect Core 5.1. */
  @InstantColumn()
  updatedAt!: number;

  @InstantColumn({ nullable: true })
  lastLoginAt!: number | null;

  /** Set while an administrator has switched the account off; its sessions and grants ended with it. */
  @InstantColumn({ nullable: true })
  disabledAt!: number | null;
}

/** One role of one user. */
@Entity('user_roles')
export class UserRoleEntity {
  @IdPrimaryColumn()
  userId!: string;

  @IdPrimaryColumn()
  role!: string;
}
