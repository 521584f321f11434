import { joined, type Message } from '../i18n/message.js';

/** A problem with a field of a form; for lists with the row: `redirectUris.2`. */
export interface FieldProblem {
  readonly field: string;
  readonly message: Message;
}

export interface ProblemModel {
  /** Messages by field, shown next to the fields. */
  readonly problems: Readonly<Record<string, Message>>;
  /** All messages with the id of their field, for the summary at the top. */
  readonly problemList: readonly { readonly id: string; readonly message: Message }[];
  /** The field that gets the focus. */
  readonly firstProblem: string | undefined;
}

/**
 * Problems for the views: messages next to their fields, and a summary that links to them.
 * @param order the fields in the order of the form, if that is not the order of the problems
 */
export function problemModel(problems: readonly FieldProblem[], order: readonly string[] = []): ProblemModel {
  const byField = new Map<string, Message>();
  const positionOf = (field: string): number => {
    const position = order.indexOf(field.split('.')[0] ?? '');
    return position < 0 ? order.length : position;
  };
  for (const { field, message } of inOrder(problems, positionOf))
    byField.set(field, joined(byField.get(field), message));
  return {
    problems: Object.fromEntries(byField),
    problemList: [...byField].map(([field, message]) => ({ id: fieldId(field), message })),
    firstProblem: [...byField.keys()][0],
  };
}

/** Problems in the order of their fields, so that the first one gets the focus. */
export function inOrder(
  problems: readonly FieldProblem[],
  positionOf: (field: string) => number,
): readonly FieldProblem[] {
  return [...problems].sort((a, b) => positionOf(a.field) - positionOf(b.field));
}

/** The element id of a field. */
export function fieldId(field: string): string {
  return `f-${field.replace('.', '-')}`;
}
