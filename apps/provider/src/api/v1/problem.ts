import type { FieldProblem } from '../../web/form-errors.js';
import type { OperationError, OperationErrorCode } from '../../operations/operation-error.js';

/** Status and title of every problem of the administration API, by the id at the end of its `type`. */
const problems = {
  invalid: [400, 'The request is not valid'],
  unauthorized: [401, 'An access token is needed'],
  forbidden: [403, 'The access token does not allow this'],
  'not-found': [404, 'There is nothing at this address'],
  'method-not-allowed': [405, 'This address does not support the method'],
  conflict: [409, 'The request conflicts with the current state'],
  changed: [412, 'It was changed meanwhile'],
  'too-large': [413, 'The body is too large'],
  'unsupported-media-type': [415, 'The body must be JSON'],
  'key-reused': [422, 'The idempotency key was used for another request'],
  'rate-limited': [429, 'Too many requests'],
  busy: [503, 'The server is busy'],
  error: [500, 'Something went wrong here'],
} as const satisfies Record<string, readonly [number, string]>;

export type ProblemId = keyof typeof problems;
export const problemIds = Object.keys(problems) as readonly ProblemId[];

/** A problem with one member of a request. */
export interface MemberProblem {
  /** A JSON Pointer into the body (RFC 6901), or `?name` for a parameter of the query. */
  readonly pointer: string;
  readonly detail: string;
}

/** An error of the API, rendered as a problem document (RFC 9457). */
export class ApiProblem extends Error {
  readonly status: number;
  readonly title: string;

  constructor(
    readonly id: ProblemId,
    readonly detail: string,
    readonly errors: readonly MemberProblem[] = [],
  ) {
    super(`${id}: ${detail}`);
    this.name = 'ApiProblem';
    [this.status, this.title] = problems[id];
  }
}

/** The status and title of a problem, for the documentation. */
export function titleOf(id: ProblemId): { readonly status: number; readonly title: string } {
  const [status, title] = problems[id];
  return { status, title };
}

export function notFound(what: string): ApiProblem {
  return new ApiProblem('not-found', `There is no ${what} with this id.`);
}

/** Converts problems of a service's members (`redirectUris.2`) to problems with pointers into the body (`/redirect_uris/2`). */
export function invalidMembers(
  found: readonly FieldProblem[],
  nameOf: (member: string) => string = snakeCase,
): ApiProblem {
  const errors = found.slice(0, 50).map(({ field, message }) => {
    const [first = '', ...rest] = field.split('.');
    return { pointer: `/${[nameOf(first), ...rest.map(snakeCase)].join('/')}`, detail: String(message) };
  });
  return new ApiProblem('invalid', errors[0]?.detail ?? 'The body is not valid.', errors);
}

export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

const problemIdOfOperationError: Readonly<Record<Exclude<OperationErrorCode, 'invalid'>, ProblemId>> = {
  not_found: 'not-found',
  forbidden: 'forbidden',
  read_only: 'forbidden',
  recent_sign_in: 'forbidden',
  conflict: 'conflict',
  changed: 'conflict',
  busy: 'busy',
  rate_limited: 'rate-limited',
  link_spent: 'conflict',
};

/** Members of an operation's input whose name in the API is not their name in snake case. */
const memberNames: Readonly<Record<string, string>> = {
  profilePage: 'profile',
  signingAlgorithm: 'signing_alg',
  accessTokenLifetimeSeconds: 'access_token_lifetime',
  access: 'allow',
};

/** Converts an operation's error to a problem document. */
export function problemOfOperation({ code, sentence, problems: found }: OperationError): ApiProblem {
  if (code === 'invalid') return invalidMembers(found, (member) => memberNames[member] ?? snakeCase(member));
  if (code === 'changed') return new ApiProblem('conflict', 'It was changed at the same time. Try again.');
  return new ApiProblem(problemIdOfOperationError[code], String(sentence));
}
