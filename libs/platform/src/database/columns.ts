import { Column, PrimaryColumn, type ColumnOptions, type ValueTransformer } from 'typeorm';

/**
 * The column types of all entities. Each has the same meaning on SQLite and PostgreSQL. Column names are derived from
 * property names (`naming.ts`) unless given. The column types for migrations are in `ddl.ts`.
 */

export interface NamedColumn {
  readonly name?: string;
}

export interface ColumnChoice extends NamedColumn {
  readonly nullable?: boolean;
}

export interface JsonColumnChoice extends ColumnChoice {
  /** Maximum length in characters. Required for values that unauthenticated requests can write. */
  readonly maxLength?: number;
}

const defaultJsonLength = 65_536;

/** Primary key of frequently accessed rows: a time-ordered safe integer, on SQLite an alias of the `rowid`. */
export function SelectorPrimaryColumn(choice: NamedColumn = {}): PropertyDecorator {
  return PrimaryColumn({ type: 'bigint', transformer: wholeNumber, ...choice });
}

/** A generated identifier as (part of) the primary key. */
export function IdPrimaryColumn(choice: NamedColumn = {}): PropertyDecorator {
  return PrimaryColumn({ type: 'text', ...choice });
}

/** Any text as (part of) the primary key. */
export function TextPrimaryColumn(choice: NamedColumn = {}): PropertyDecorator {
  return PrimaryColumn({ type: 'text', ...choice });
}

/** A generated identifier. */
export function IdColumn(choice: ColumnChoice = {}): PropertyDecorator {
  return regular({ type: 'text' }, choice);
}

export function TextColumn(choice: ColumnChoice = {}): PropertyDecorator {
  return regular({ type: 'text' }, choice);
}

/** Epoch seconds or the selector of another row: an integer of up to 53 bits. */
export function InstantColumn(choice: ColumnChoice = {}): PropertyDecorator {
  return regular({ type: 'bigint', transformer: wholeNumber }, choice);
}

/** An integer of up to 32 bits. */
export function IntegerColumn(choice: ColumnChoice = {}): PropertyDecorator {
  return regular({ type: 'integer' }, choice);
}

/** A boolean in entities; statements use 0 and 1 on both engines. */
export function FlagColumn(choice: ColumnChoice = {}): PropertyDecorator {
  return regular({ type: 'boolean' }, choice);
}

/** Bytes as a `Buffer`: `bytea` on PostgreSQL, which the SQLite driver maps to a blob. */
export function BytesColumn(choice: ColumnChoice = {}): PropertyDecorator {
  return regular({ type: 'bytea' }, choice);
}

/**
 * A value as JSON text, read and written as a whole and never queried by its content.
 * Writing more than `maxLength` characters (64 k) throws a RangeError.
 */
export function JsonColumn(choice: JsonColumnChoice = {}): PropertyDecorator {
  const { maxLength = defaultJsonLength, ...rest } = choice;
  return regular({ type: 'text', transformer: jsonText(maxLength) }, rest);
}

function regular(column: ColumnOptions, choice: ColumnChoice): PropertyDecorator {
  return Column({ ...column, ...choice });
}

const wholeNumber: ValueTransformer = {
  // A fraction is rejected by one engine and stored by the other.
  to(value: unknown): unknown {
    if (typeof value === 'number' && !Number.isSafeInteger(value)) throw new RangeError('not a safe integer');
    return value;
  },
  from: (value: unknown): unknown => (typeof value === 'string' ? Number(value) : value),
};

function jsonText(maxLength: number): ValueTransformer {
  return {
    to(value: unknown): unknown {
      if (value === undefined || value === null) return value;
      const text = JSON.stringify(value);
      if (text.length > maxLength)
        throw new RangeError(`a JSON value has ${text.length} characters; at most ${maxLength} are allowed`);
      return text;
    },
    from: (text: unknown): unknown => (typeof text === 'string' ? JSON.parse(text) : text),
  };
}
