import { InstantColumn, IntegerColumn, TextPrimaryColumn } from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** The requirements for all users who have a role. No row means none. */
@Entity('role_requirements')
export class RoleRequirementEntity {
  @TextPrimaryColumn()
  role!: string;

  /** 1 if a login requires a second factor. */
  @IntegerColumn()
  secondFactor!: number;

  @InstantColumn()
  updatedAt!: number;
}
