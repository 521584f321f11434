import {
  FlagColumn,
  IdPrimaryColumn,
  InstantColumn,
  JsonColumn,
  TextColumn,
} from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** An OpenID provider that people may log in with here. */
@Entity('providers')
export class ProviderEntity {
  @IdPrimaryColumn()
  id!: string;

  /** What stands on the login button. */
  @TextColumn()
  name!: string;

  /** Exactly as the provider's metadata writes it. */
  @TextColumn()
  issuer!: string;

  /** Our `client_id` there. */
  @TextColumn()
  clientId!: string;

  /** Sealed and bound to this row; null: we are a public client there. */
  @TextColumn({ nullable: true })
  clientSecretSealed!: string | null;

  /** What the provider signs our ID tokens and logout tokens with; null: RS256 where the provider offers it. */
  @TextColumn({ nullable: true })
  idTokenSignedResponseAlg!: string | null;

  /** What is asked for. */
  @JsonColumn()
  scope!: string[];

  /** True for the row that follows the settings; the role `admin` counts from there alone. */
  @FlagColumn()
  isSeeded!: boolean;

  @InstantColumn()
  createdAt!: number;

  @InstantColumn()
  updatedAt!: number;
}
