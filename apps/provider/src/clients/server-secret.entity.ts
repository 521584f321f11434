import { InstantColumn, TextColumn, TextPrimaryColumn } from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** A secret that this server made for itself once, the same for every process and never changed. */
@Entity('server_secrets')
export class ServerSecretEntity {
  /** What it is for. */
  @TextPrimaryColumn()
  name!: string;

  /** 32 random bytes, AES-256-GCM under GATEHOUSE_SECRET_KEY, bound to this row. */
  @TextColumn()
  valueSealed!: string;

  @InstantColumn()
  createdAt!: number;
}
