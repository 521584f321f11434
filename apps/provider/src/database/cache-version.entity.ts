import { InstantColumn, IntegerColumn, TextColumn, TextPrimaryColumn } from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** How often a cached thing changed: processes compare it with what they saw last. */
@Entity('cache_versions')
export class CacheVersionEntity {
  @TextPrimaryColumn()
  topic!: string;

  @IntegerColumn()
  version!: number;
}

/** Numbers that processes take one by one. */
@Entity('counters')
export class CounterEntity {
  @TextPrimaryColumn()
  name!: string;

  @IntegerColumn()
  value!: number;
}

/** Who does a job that one process does for all. */
@Entity('leases')
export class LeaseEntity {
  @TextPrimaryColumn()
  name!: string;

  /** A random name of the process. */
  @TextColumn()
  holder!: string;

  /** When another process may take it: the holder died, or has nothing more to do. */
  @InstantColumn()
  expiresAt!: number;
}
