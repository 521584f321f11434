import { IdColumn, InstantColumn, TextColumn, TextPrimaryColumn } from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** A form that a person sent before a recent sign-in that it asks for. Read and written by the named statements of its service. */
@Entity('kept_forms')
export class SavedFormEntity {
  /** Random; it stands in the address bar. */
  @TextPrimaryColumn()
  id!: string;

  /** Who sent it: nobody else gets it back. */
  @IdColumn()
  userId!: string;

  /** The address that it was sent to, and its fields, as JSON, sealed. */
  @TextColumn()
  formSealed!: string;

  /** The purge deletes it after this. */
  @InstantColumn()
  expiresAt!: number;
}
