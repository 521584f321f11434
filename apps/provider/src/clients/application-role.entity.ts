import { IdPrimaryColumn, TextPrimaryColumn } from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** A role that a person has in one application, by the application's own word. */
@Entity('application_roles')
export class ApplicationRoleEntity {
  @TextPrimaryColumn()
  clientId!: string;

  @IdPrimaryColumn()
  userId!: string;

  @TextPrimaryColumn()
  role!: string;
}
