import { InstantColumn, TextColumn, TextPrimaryColumn } from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** A setting that an administrator changed while the server was running. No row: the environment or the default decides. */
@Entity('stored_settings')
export class StoredSettingEntity {
  /** An `EditableName`; rows with other names, such as those of a later version, are ignored. */
  @TextPrimaryColumn()
  name!: string;

  /** As the environment would contain it; a logo is a `data:` URL. */
  @TextColumn()
  value!: string;

  @InstantColumn()
  updatedAt!: number;
}
