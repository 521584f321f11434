import type { WebRequest } from '@gatehouse/platform/http/request';
import { readJson, type JsonObject } from './json.js';
import { mergePatch } from './merge-patch.js';
import { ApiProblem } from './problem.js';
import type { Bodies, BodyName } from './shapes.js';

const maxErrors = 50;

/** A body that has its shape, and its bytes: what an idempotency key stands for. */
export interface Body<Name extends BodyName> {
  readonly value: Bodies[Name];
  readonly bytes: Buffer;
}

/**
 * Reads a body of this shape.
 * @throws ApiProblem invalid with a pointer to each member that is wrong, unsupported-media-type; BodyTooLarge
 */
export async function readBodyOf<Name extends BodyName>(request: WebRequest, name: Name): Promise<Body<Name>> {
  const { json, bytes } = await readJson(request);
  return { value: await checked(name, json), bytes };
}

/**
 * Reads a patch of something and gives what it would be afterwards (RFC 7396), and what the patch named.
 * @param before as the API shows it; members that cannot be written are left out of the outcome
 * @param name the shape that the outcome has
 * @throws ApiProblem invalid, unsupported-media-type; BodyTooLarge
 */
export async function readPatchOf<Name extends BodyName>(
  request: WebRequest,
  before: JsonObject,
  name: Name,
): Promise<{ readonly value: Bodies[Name]; readonly patch: JsonObject }> {
  const { json } = await readJson(request, ['application/merge-patch+json', 'application/json']);
  const { bodies } = await import('./shapes.js');
  const writable = Object.entries(before).filter(([member]) => member in bodies[name].shape);
  return { value: await checked(name, mergePatch(Object.fromEntries(writable), json)), patch: json };
}

async function checked<Name extends BodyName>(name: Name, json: JsonObject): Promise<Bodies[Name]> {
  const { bodies } = await import('./shapes.js');
  const outcome = bodies[name].safeParse(json);
  // Of the shape by this name.
  if (outcome.success) return outcome.data as Bodies[Name];
  const errors = outcome.error.issues.slice(0, maxErrors).flatMap((issue) => {
    const path = issue.path.map((part) => escapePointer(String(part)));
    if (issue.code !== 'unrecognized_keys') return [{ pointer: pointerOf(path), detail: issue.message }];
    return issue.keys.slice(0, maxErrors).map((key) => ({
      pointer: pointerOf([...path, escapePointer(key.slice(0, 100))]),
      detail: 'There is no such member.',
    }));
  });
  throw new ApiProblem('invalid', errors[0]?.detail ?? 'The body is not valid.', errors);
}

function pointerOf(path: readonly string[]): string {
  return path.map((part) => `/${part}`).join('');
}

/** RFC 6901 3 */
function escapePointer(part: string): string {
  return part.replaceAll('~', '~0').replaceAll('/', '~1');
}
