import type { QueryRunner } from 'typeorm';

/** Column types for hand-written migrations, by content. */
export interface Ddl {
  readonly dialect: 'sqlite' | 'postgres';
  /** Includes the primary key: on SQLite only this form makes the column an alias of the row id. */
  readonly selector: string;
  readonly id: string;
  readonly text: string;
  readonly instant: string;
  readonly integer: string;
  readonly flag: string;
  readonly bytes: string;
  readonly json: string;
}

const sqlite: Ddl = {
  dialect: 'sqlite',
  selector: 'INTEGER PRIMARY KEY NOT NULL',
  id: 'text',
  text: 'text',
  instant: 'integer',
  integer: 'integer',
  flag: 'boolean',
  bytes: 'blob',
  json: 'text',
};

const postgres: Ddl = {
  dialect: 'postgres',
  selector: 'bigint PRIMARY KEY NOT NULL',
  id: 'text',
  text: 'text',
  instant: 'bigint',
  integer: 'integer',
  flag: 'boolean',
  bytes: 'bytea',
  json: 'text',
};

/** Column types of the engine that a migration runs on. */
export function ddl(runner: QueryRunner): Ddl {
  return runner.dataSource.options.type === 'postgres' ? postgres : sqlite;
}
