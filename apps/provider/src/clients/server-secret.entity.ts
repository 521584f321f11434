import { InstantColumn, TextColumn, TextPrimaryColumn } from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** A secret that this server generated once: shared by all processes and never changed. */
@Entity('server_secrets')
export class ServerSecretEntity {
  /** Its purpose. */
  @TextPrimaryColumn()
  name!: string;

  /** 32 random bytes, AES-256-GCM under GATEHOUSE_SECRET_KEY, bound to this row. */
  @TextColumn()
  valueSealed!: string;

  @InstantColumn()
  createdAt!: number;
}
