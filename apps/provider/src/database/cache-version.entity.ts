import { InstantColumn, IntegerColumn, TextColumn, TextPrimaryColumn } from '@gatehouse/platform/database/columns';
import { Entity } from 'typeorm';

/** A version per cache topic: processes compare it with the last version that they have seen. */
@Entity('cache_versions')
export class CacheVersionEntity {
  @TextPrimaryColumn()
  topic!: string;

  @IntegerColumn()
  version!: number;
}

/** Counters from which processes draw numbers. */
@Entity('counters')
export class CounterEntity {
  @TextPrimaryColumn()
  name!: string;

  @IntegerColumn()
  value!: number;
}

/** The holders of jobs that one process performs for all. */
@Entity('leases')
export class LeaseEntity {
  @TextPrimaryColumn()
  name!: string;

  /** A random id of the process. */
  @TextColumn()
  holder!: string;

  /** When another process may take it, because the holder has stopped renewing it. */
  @InstantColumn()
  expiresAt!: number;
}
