import { IdPrimaryColumn, TextPrimaryColumn } from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** A role of a user in one application; the application defines its name. */
@Entity('application_roles')
export class ApplicationRoleEntity {
  @TextPrimaryColumn()
  clientId!: string;

  @IdPrimaryColumn()
  userId!: string;

  @TextPrimaryColumn()
  role!: string;
}
