import { IdColumn, InstantColumn, TextColumn, TextPrimaryColumn } from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** A form that requires a recent sign-in and was sent without. Read and written by the named statements of its service. */
@Entity('kept_forms')
export class SavedFormEntity {
  /** Random, because it is part of a URL. */
  @TextPrimaryColumn()
  id!: string;

  /** The sender: nobody else can read it. */
  @IdColumn()
  userId!: string;

  /** The address to which it was sent and its fields, as encrypted JSON. */
  @TextColumn()
  formSealed!: string;

  /** The purge deletes it after this. */
  @InstantColumn()
  expiresAt!: number;
}
