import { IntegerColumn, TextPrimaryColumn } from '@gatehouse/server/database/columns';
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
