import { Column, PrimaryColumn, type ColumnOptions, type ValueTransformer } from 'typeorm';

/**
 * The only columns that entities use: each means the same on SQLite and PostgreSQL. The column's name follows from the
 * property's (`naming.ts`) unless one is given. The types for migrations stand in `ddl.ts`.
 */

export interface NamedColumn {
  readonly name?: string;
}

export interface ColumnChoice extends NamedColumn {
  readonly nullable?: boolean;
}

export interface JsonColumnChoice extends ColumnChoice {
  /** The most characters that one value may take: what strangers can fill is bounded. */
  readonly maxLength?: number;
}

const defaultJsonLength = 65_536;

/** Finds a hot row: a time-ordered safe integer, on SQLite the row's own address (`rowid`). */
export function SelectorPrimaryColumn(choice: NamedColumn = {}): PropertyDecorator {
  return PrimaryColumn({ type: 'bigint', transformer: wholeNumber, ...choice });
}

/** An identifier of ours as the (or a part of the) primary key. */
export function IdPrimaryColumn(choice: NamedColumn = {}): PropertyDecorator {
  return PrimaryColumn({ type: 'text', ...choice });
}

/** Text of any kind as the (or a part of the) primary key. */
export function TextPrimaryColumn(choice: NamedColumn = {}): PropertyDecorator {
  return PrimaryColumn({ type: 'text', ...choice });
}

/** An identifier of ours. */
export function IdColumn(choice: ColumnChoice = {}): PropertyDecorator {
  return regular({ type: 'text' }, choice);
}

export function TextColumn(choice: ColumnChoice = {}): PropertyDecorator {
  return regular({ type: 'text' }, choice);
}

/** Epoch seconds, or the selector of another row: a whole number beyond 32 bits. */
export function InstantColumn(choice: ColumnChoice = {}): PropertyDecorator {
  return regular({ type: 'bigint', transformer: wholeNumber }, choice);
}

/** A whole number of at most 32 bits. */
export function IntegerColumn(choice: ColumnChoice = {}): PropertyDecorator {
  return regular({ type: 'integer' }, choice);
}

/** A boolean in entities; named statements give and take 0 and 1 for it on both engines. */
export function FlagColumn(choice: ColumnChoice = {}): PropertyDecorator {
  return regular({ type: 'boolean' }, choice);
}

/** Bytes, a `Buffer` on both engines. `bytea` on PostgreSQL; the SQLite driver is told that this is its blob. */
export function BytesColumn(choice: ColumnChoice = {}): PropertyDecorator {
  return regular({ type: 'bytea' }, choice);
}

/**
 * A value as JSON text: read and written whole, never searched inside.
 * Writing one of more than `maxLength` characters (64 k) throws a RangeError.
 */
export function JsonColumn(choice: JsonColumnChoice = {}): PropertyDecorator {
  const { maxLength = defaultJsonLength, ...rest } = choice;
  return regular({ type: 'text', transformer: jsonText(maxLength) }, rest);
}

function regular(column: ColumnOptions, choice: ColumnChoice): PropertyDecorator {
  return Column({ ...column, ...choice });
}

const wholeNumber: ValueTransformer = {
  // A fraction would be refused by one engine and kept by the other.
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
        throw new RangeError(`a JSON value of ${text.length} characters; ${maxLength} are allowed`);
      return text;
    },
    from: (text: unknown): unknown => (typeof text === 'string' ? JSON.parse(text) : text),
  };
}
