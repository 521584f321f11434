import {
  BytesColumn,
  IdColumn,
  InstantColumn,
  JsonColumn,
  SelectorPrimaryColumn,
  TextColumn,
} from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/**
 * Allows the owner of the mailbox to create one account. Read and written by the named statements of its service.
 */
@Entity('invitations')
export class InvitationEntity {
  @SelectorPrimaryColumn()
  selector!: number;

  /** SHA-256 of the link's verifier. */
  @BytesColumn()
  verifierHash!: Buffer;

  @TextColumn()
  email!: string;

  /** The normalized form in which addresses are compared. */
  @TextColumn()
  emailKey!: string;

  /** The roles of the new account. */
  @JsonColumn()
  roles!: string[];

  /** The administrator; null for the command line and for a service account. */
  @IdColumn({ name: 'invited_by', nullable: true })
  createdBy!: string | null;

  /**
   * The client with whose access token it was created; null for one created otherwise. With more than the default role, it
   * is deleted when the rights of that client end.
   */
  @IdColumn({ name: 'made_via_client', nullable: true })
  createdViaClient!: string | null;

  @InstantColumn()
  createdAt!: number;

  @InstantColumn()
  expiresAt!: number;

  @InstantColumn({ nullable: true })
  consumedAt!: number | null;
}
