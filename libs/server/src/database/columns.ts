import { Column, PrimaryColumn, type ColumnOptions } from 'typeorm';

interface Options {
  readonly nullable?: boolean;
}

/** Finds a hot row: SQLite's own row id, a bigint on PostgreSQL. */
export function SelectorPrimaryColumn(): PropertyDecorator {
  return PrimaryColumn({ type: 'bigint' });
}

/** An identifier of ours as the (or a part of the) primary key. */
export function IdPrimaryColumn(): PropertyDecorator {
  return PrimaryColumn({ type: 'text' });
}

/** Text of any kind as the (or a part of the) primary key. */
export function TextPrimaryColumn(): PropertyDecorator {
  return PrimaryColumn({ type: 'text' });
}

/** An identifier of ours. */
export function IdColumn(options: Options = {}): PropertyDecorator {
  return Column(withNull({ type: 'text' }, options));
}

export function TextColumn(options: Options = {}): PropertyDecorator {
  return Column(withNull({ type: 'text' }, options));
}

/** Epoch seconds (or a selector of another row): a whole number beyond 32 bits. */
export function InstantColumn(options: Options = {}): PropertyDecorator {
  return Column(withNull({ type: 'bigint' }, options));
}

/** A small whole number. */
export function IntegerColumn(options: Options = {}): PropertyDecorator {
  return Column(withNull({ type: 'integer' }, options));
}

/** True or false; for tables without named statements, since better-sqlite3 binds no booleans. */
export function FlagColumn(): PropertyDecorator {
  return Column({ type: 'boolean' });
}

/** Bytes: hashes. `bytea` on PostgreSQL; the SQLite driver is told that this is its blob. */
export function BytesColumn(options: Options = {}): PropertyDecorator {
  return Column(withNull({ type: 'bytea' }, options));
}

/** A value as JSON text: small, read and written whole, never searched. */
export function JsonColumn(options: Options = {}): PropertyDecorator {
  return Column(
    withNull(
      {
        type: 'text',
        transformer: {
          to: (value: unknown) => (value === null || value === undefined ? value : JSON.stringify(value)),
          from: (text: unknown): unknown => (typeof text === 'string' ? JSON.parse(text) : text),
        },
      },
      options,
    ),
  );
}

function withNull(column: ColumnOptions, options: Options): ColumnOptions {
  return options.nullable === undefined ? column : { ...column, nullable: options.nullable };
}
