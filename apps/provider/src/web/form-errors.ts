import { joined, type Message } from '../i18n/message.js';

/** What is wrong with a field of a form; lists say which row: `redirectUris.2`. */
export interface FieldProblem {
  readonly field: string;
  readonly message: Message;
}

export interface ProblemModel {
  /** Messages by field, for the places beside the fields. */
  readonly problems: Readonly<Record<string, Message>>;
  /** All of them with the id of their field, for the summary on top. */
  readonly problemList: readonly { readonly id: string; readonly message: Message }[];
  /** The field that gets the focus. */
  readonly firstProblem: string | undefined;
}

/** Problems as the views show them: the message beside its field, a summary that leads there. */
export function problemModel(problems: readonly FieldProblem[]): ProblemModel {
  const byField = new Map<string, Message>();
  for (const { field, message } of problems) byField.set(field, joined(byField.get(field), message));
  return {
    problems: Object.fromEntries(byField),
    problemList: [...byField].map(([field, message]) => ({ id: fieldId(field), message })),
    firstProblem: problems[0]?.field,
  };
}

/** The id of a field in the page. */
export function fieldId(field: string): string {
  return `f-${field.replace('.', '-')}`;
}
