import type { Message } from '../i18n/message.js';
import { fieldId } from './form-errors.js';

/** A field that takes several values: one row each, and buttons that add and remove rows. */
export interface ListField {
  /** Its name in the form's values and problems: `redirectUris`. */
  readonly list: string;
  /** What the buttons call a row: `redirect-uri` in `add-redirect-uri` and `remove-redirect-uri:2`. */
  readonly row: string;
  /** What people call a row: `Redirect URI`; the number follows. */
  readonly label: string;
}

/** Further rows are neither added nor read. */
export const maxRows = 100;

/** Rows after one of their buttons was pressed. */
export interface ChangedRows<Value> {
  readonly rows: readonly Value[];
  /** The row that was removed, counted from 0; undefined when one was added. */
  readonly removed?: number;
  /** The field that gets the focus: `scope.3`, or `scope.add` for the button. */
  readonly focus: string;
}

/**
 * What a button of a list field does: `add-scope` appends a blank row, `remove-scope:2` removes the third.
 * @returns undefined when the action is not one of this field's
 */
export function changeRows<Value>(
  { list, row }: ListField,
  rows: readonly Value[],
  action: string,
  blank: Value,
): ChangedRows<Value> | undefined {
  if (action === `add-${row}`) {
    if (rows.length >= maxRows) return { rows, focus: `${list}.${rows.length - 1}` };
    return { rows: [...rows, blank], focus: `${list}.${rows.length}` };
  }
  const prefix = `remove-${row}:`;
  const number = action.startsWith(prefix) ? action.slice(prefix.length) : '';
  if (!/^\d{1,3}$/.test(number)) return undefined;
  const removed = Number(number);
  const left = rows.filter((_value, at) => at !== removed);
  const next = Math.min(removed, left.length - 1);
  return { rows: left, removed, focus: next < 0 ? `${list}.add` : `${list}.${next}` };
}

/** Where a row is after another one was removed; -1 for the removed one. */
export function rowAfterRemoval(row: number, removed: number): number {
  if (row === removed) return -1;
  return row > removed ? row - 1 : row;
}

/** What a row holds: the value, and where the list has them a second input and the box that makes it a default. */
export interface RowValue {
  readonly value: string;
  readonly detail?: string;
  readonly isDefault?: boolean;
}

interface State {
  readonly problems: Readonly<Record<string, Message>>;
  readonly focused: string | undefined;
}

/**
 * A list field as `parts/list-field` shows it. `blank` is the row of its template, which the script copies
 * (assets/list-fields.js): its number is put in there.
 */
export function listFieldModel(field: ListField, rows: readonly RowValue[], { problems, focused }: State): object {
  const { list, label } = field;
  return {
    id: fieldId(list),
    label,
    most: maxRows,
    isFull: rows.length >= maxRows,
    problem: problems[list],
    addAction: `add-${field.row}`,
    addFocus: focused === `${list}.add` || focused === list,
    rows: rows.map((row, at) => ({
      ...rowModel(field, at, String(at + 1)),
      ...row,
      problem: problems[`${list}.${at}`],
      focus: focused === `${list}.${at}`,
    })),
    blank: { ...rowModel(field, 'new', 'new'), value: '', detail: '' },
  };
}

function rowModel({ list, row, label }: ListField, at: number | 'new', number: string): object {
  return { id: fieldId(`${list}.${at}`), row: at, label: `${label} ${number}`, removeAction: `remove-${row}:${at}` };
}
