import { text, type Message, type TextKey } from '../i18n/message.js';
import { fieldId } from './form-errors.js';

/** A field that takes several values: one row each, and buttons that add and remove rows. */
export interface ListField {
  /** Its name in the form's values and problems: `redirectUris`. */
  readonly list: string;
  /** The name of a row in button values: `redirect-uri` in `add-redirect-uri` and `remove-redirect-uri:2`. */
  readonly row: string;
  /** The text that names a row: `Redirect URI {number}`. */
  readonly label: TextKey;
}

/** Further rows are neither added nor read. */
export const maxRows = 100;

/** The rows after a button was pressed. */
export interface ChangedRows<Value> {
  readonly rows: readonly Value[];
  /** The index of the removed row; undefined if one was added. */
  readonly removed?: number;
  /** The field that gets the focus: `scope.3`, or `scope.add` for the button. */
  readonly focus: string;
}

/**
 * Handles a button of a list field: `add-scope` appends a blank row, `remove-scope:2` removes the third.
 * @returns undefined if the action belongs to another field
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

/** The index of a row after a removal; -1 for the removed row. */
export function rowAfterRemoval(row: number, removed: number): number {
  if (row === removed) return -1;
  return row > removed ? row - 1 : row;
}

/** The content of a row: the value and, if the list has them, a second input and a checkbox or radio button. */
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
 * The model of `parts/list-field`. `blank` is the row of the template that the script copies and numbers
 * (assets/list-fields.js).
 */
export function listFieldModel(field: ListField, rows: readonly RowValue[], { problems, focused }: State): object {
  const { list, label } = field;
  return {
    id: fieldId(list),
    label: text(label, { number: '{number}' }),
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
  return { id: fieldId(`${list}.${at}`), row: at, label: text(label, { number }), removeAction: `remove-${row}:${at}` };
}
