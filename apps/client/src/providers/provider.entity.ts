import {
  FlagColumn,
  IdPrimaryColumn,
  InstantColumn,
  JsonColumn,
  TextColumn,
} from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** An OpenID provider for login. */
@Entity('providers')
export class ProviderEntity {
  @IdPrimaryColumn()
  id!: string;

  /** Label of the login button. */
  @TextColumn()
  name!: string;

  /** Exactly as in the provider's metadata. */
  @TextColumn()
  issuer!: string;

  /** This client's `client_id` at the provider. */
  @TextColumn()
  clientId!: string;

  /** Sealed and bound to this row; null for a public client. */
  @TextColumn({ nullable: true })
  clientSecretSealed!: string | null;

  /** Signature algorithm of ID tokens and logout tokens; null: RS256 if the provider supports it. */
  @TextColumn({ nullable: true })
  idTokenSignedResponseAlg!: string | null;

  /** The requested scope. */
  @JsonColumn()
  scope!: string[];

  /** True for the row that is updated from the settings; the role `admin` is accepted only from this provider. */
  @FlagColumn()
  isSeeded!: boolean;

  @InstantColumn()
  createdAt!: number;

  @InstantColumn()
  updatedAt!: number;
}
