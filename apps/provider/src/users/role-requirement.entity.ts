import { InstantColumn, IntegerColumn, TextPrimaryColumn } from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** What an administrator demands of everybody who has a role. No row: nothing. */
@Entity('role_requirements')
export class RoleRequirementEntity {
  @TextPrimaryColumn()
  role!: string;

  /** 1: a login needs a second factor. */
  @IntegerColumn()
  secondFactor!: number;

  @InstantColumn()
  updatedAt!: number;
}
