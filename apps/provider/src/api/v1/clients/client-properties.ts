import { metadataName, parseClientProperties, type ClientInput } from '@gatehouse/domain/oauth';
import { OperationError } from '../../../operations/operation-error.js';
import type { JsonObject } from '../json.js';
import { invalidMembers, snakeCase, type ApiProblem } from '../problem.js';
import type { Bodies } from '../shapes.js';

/**
 * The client properties in a body.
 * @param patch if the body is the result of a patch: only its members are used
 * @throws ApiProblem invalid
 */
export function clientInput(body: Bodies['Client'], patch?: JsonObject): ClientInput {
  // A member that the patch removes is missing in the result, and gets its default.
  const members = patch ? Object.fromEntries(Object.keys(patch).map((name) => [name, valueOf(body, name)])) : body;
  const { input, problems } = parseClientProperties(members);
  if (problems.length > 0) throw invalidMembers(problems, (member) => member);
  return input;
}

function valueOf(body: Bodies['Client'], name: string): unknown {
  return Object.entries(body).find(([member]) => member === name)?.[1];
}

/** Maps the problems of an operation on a client to members of the body; returns other errors unchanged. */
export function inMembers(error: unknown): unknown {
  return error instanceof OperationError && error.code === 'invalid' ? invalidClient(error) : error;
}

function invalidClient({ problems }: OperationError): ApiProblem {
  return invalidMembers(problems, (member) => snakeCase(metadataName(member)));
}
