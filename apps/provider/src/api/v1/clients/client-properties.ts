import { metadataName, parseClientProperties, type ClientInput } from '@gatehouse/domain/oauth';
import { OperationError } from '../../../operations/operation-error.js';
import type { JsonObject } from '../json.js';
import { invalidMembers, snakeCase, type ApiProblem } from '../problem.js';
import type { Bodies } from '../shapes.js';

/**
 * The properties that a body names.
 * @param patch where it is the outcome of a patch: only what that names
 * @throws ApiProblem invalid
 */
export function clientInput(body: Bodies['Client'], patch?: JsonObject): ClientInput {
  // A member that a patch takes away is not in its outcome any more: it is back at its default.
  const said = patch ? Object.fromEntries(Object.keys(patch).map((name) => [name, valueOf(body, name)])) : body;
  const { input, problems } = parseClientProperties(said);
  if (problems.length > 0) throw invalidMembers(problems, (member) => member);
  return input;
}

function valueOf(body: Bodies['Client'], name: string): unknown {
  return Object.entries(body).find(([member]) => member === name)?.[1];
}

/** The refusal of an operation on a client, by the members of the body; all else as it came. */
export function inMembers(error: unknown): unknown {
  return error instanceof OperationError && error.code === 'invalid' ? invalidClient(error) : error;
}

function invalidClient({ problems }: OperationError): ApiProblem {
  return invalidMembers(problems, (member) => snakeCase(metadataName(member)));
}
