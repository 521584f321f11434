import type { FieldProblem } from '../../web/form-errors.js';
import type { OperationError, OperationErrorCode } from '../../operations/operation-error.js';

/** Every refusal of the administration's API, by the id that ends its `type`: status and title. */
const problems = {
  invalid: [400, 'The request is not valid'],
  unauthorized: [401, 'An access token is needed'],
  forbidden: [403, 'The access token does not allow this'],
  'not-found': [404, 'There is nothing at this address'],
  'method-not-allowed': [405, 'This address does not take that method'],
  conflict: [409, 'It cannot be done as things are'],
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

/** One member of a request that is wrong. */
export interface MemberProblem {
  /** A JSON Pointer into the body (RFC 6901), or `?name` for a parameter of the query. */
  readonly pointer: string;
  readonly detail: string;
}

/** A refusal of the API, answered as a problem document (RFC 9457). */
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

/** How a problem is described by the API's documentation. */
export function titleOf(id: ProblemId): { readonly status: number; readonly title: string } {
  const [status, title] = problems[id];
  return { status, title };
}

export function notFound(what: string): ApiProblem {
  return new ApiProblem('not-found', `There is no ${what} of this id.`);
}

/** What is wrong with a body, by the members that a service names (`redirectUris.2`): as pointers (`/redirect_uris/2`). */
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

const ofOperations: Readonly<Record<Exclude<OperationErrorCode, 'invalid'>, ProblemId>> = {
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

/** Members of an operation's input that the API calls otherwise than in snake case. */
const memberNames: Readonly<Record<string, string>> = {
  profilePage: 'profile',
  signingAlgorithm: 'signing_alg',
  accessTokenLifetimeSeconds: 'access_token_lifetime',
  access: 'allow',
};

/** An operation's refusal as a problem document. */
export function problemOfOperation({ code, sentence, problems: wrong }: OperationError): ApiProblem {
  if (code === 'invalid') return invalidMembers(wrong, (member) => memberNames[member] ?? snakeCase(member));
  if (code === 'changed') return new ApiProblem('conflict', 'Somebody else changed it at the same time: try again.');
  return new ApiProblem(ofOperations[code], String(sentence));
}
