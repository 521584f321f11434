import { Reply } from '@gatehouse/platform/http/reply';
import { pathOf, query, type WebRequest } from '@gatehouse/platform/http/request';
import { formatCursor, parseCursor, type Cursor } from '../../web/cursor.js';
import { ApiProblem } from './problem.js';

const standardLimit = 50;
const maxInPage = 200;

export interface PageRequest {
  readonly limit: number;
  /** Undefined on the first page. */
  readonly after: Cursor | undefined;
}

/**
 * Reads `limit` and `cursor`.
 * @param shape the types of the cursor's values
 * @throws ApiProblem invalid
 */
export function readPage(request: WebRequest, shape: readonly ('string' | 'number')[]): PageRequest {
  const parameters = query(request);
  const typed = parameters.get('limit');
  const limit = typed === undefined ? standardLimit : Number(typed);
  if (!Number.isInteger(limit) || limit < 1 || limit > maxInPage || (typed !== undefined && !/^\d+$/.test(typed)))
    throw invalidParameter('limit', `A whole number between 1 and ${maxInPage}.`);
  const text = parameters.get('cursor');
  return { limit, after: text === undefined ? undefined : cursorOf(text, shape) };
}

/** One page, with a link to the next one, if any (RFC 8288). */
export function pageReply(request: WebRequest, items: readonly object[], next: Cursor | undefined): Reply {
  if (next === undefined) return Reply.json({ items, next: null });
  const cursor = formatCursor(next);
  const parameters = new URLSearchParams();
  const current = query(request);
  for (const name of current.names) if (name !== 'cursor') parameters.set(name, current.text(name));
  parameters.set('cursor', cursor);
  const link = `<${pathOf(request)}?${parameters.toString()}>; rel="next"`;
  return Reply.json({ items, next: cursor }, { headers: { Link: link } });
}

function cursorOf(text: string, shape: readonly ('string' | 'number')[]): Cursor {
  const cursor = parseCursor(text, shape);
  if (!cursor)
    throw invalidParameter('cursor', 'This is not a cursor of this list. Use \`next\` of the previous page.');
  return cursor;
}

/** @throws ApiProblem invalid if the value is not one of these */
export function readChoice<T extends string>(request: WebRequest, name: string, among: readonly T[]): T | undefined {
  const typed = query(request).get(name);
  if (typed === undefined) return undefined;
  const found = among.find((each) => each === typed);
  if (found === undefined) throw invalidParameter(name, `One of ${among.join(', ')}.`);
  return found;
}

/** @throws ApiProblem invalid for more than 200 characters */
export function readText(request: WebRequest, name: string): string | undefined {
  const typed = query(request).get(name);
  if (typed !== undefined && typed.length > 200) throw invalidParameter(name, 'At most 200 characters.');
  return typed === undefined || typed === '' ? undefined : typed;
}

export function invalidParameter(name: string, detail: string): ApiProblem {
  return new ApiProblem('invalid', `${name}: ${detail}`, [{ pointer: `?${name}`, detail }]);
}
