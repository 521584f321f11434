import type { WebRequest } from '@gatehouse/platform/http/request';
import { readJson, type JsonObject } from './json.js';
import { mergePatch } from './merge-patch.js';
import { ApiProblem } from './problem.js';
import type { Bodies, BodyName } from './shapes.js';

const maxErrors = 50;
/** Limits of bodies that may be larger than others. */
const maxBytes: Readonly<Partial<Record<BodyName, number>>> = {
  // A logo in base64.
  SettingsPatch: 320 * 1024,
};

interface BodyError {
  readonly pointer: string;
  readonly detail: string;
}

/** A validated body, and its bytes, to which an idempotency key is bound. */
export interface Body<Name extends BodyName> {
  readonly value: Bodies[Name];
  readonly bytes: Buffer;
}

/**
 * Reads and validates a body.
 * @throws ApiProblem invalid with a pointer to each invalid member, unsupported-media-type; BodyTooLarge
 */
export async function readBodyOf<Name extends BodyName>(request: WebRequest, name: Name): Promise<Body<Name>> {
  const { json, bytes } = await readJson(request);
  return { value: await checked(name, json), bytes };
}

/**
 * Reads a merge patch (RFC 7396). Returns the patched value and the patch.
 * @param before the representation in the API; members that cannot be written are omitted from the result
 * @param name the shape of the result
 * @throws ApiProblem invalid, unsupported-media-type; BodyTooLarge
 */
export async function readPatchOf<Name extends BodyName>(
  request: WebRequest,
  before: JsonObject,
  name: Name,
): Promise<{ readonly value: Bodies[Name]; readonly patch: JsonObject }> {
  const { json } = await readJson(request, {
    types: ['application/merge-patch+json', 'application/json'],
    maxBytes: maxBytes[name],
  });
  const { bodies } = await import('./shapes.js');
  const isMember = (member: string): boolean => Object.hasOwn(bodies[name].shape, member);
  const unknown = Object.keys(json).filter((member) => !isMember(member));
  // The merge would drop those that are null.
  if (unknown.length > 0) throw invalidBody(unknownMembers(unknown, []));
  const writable = Object.entries(before).filter(([member]) => isMember(member));
  return { value: await checked(name, mergePatch(Object.fromEntries(writable), json)), patch: json };
}

async function checked<Name extends BodyName>(name: Name, json: JsonObject): Promise<Bodies[Name]> {
  const { bodies } = await import('./shapes.js');
  const result = bodies[name].safeParse(json);
  // The schema of this name validated it.
  if (result.success) return result.data as Bodies[Name];
  const errors = result.error.issues.slice(0, maxErrors).flatMap((issue) => {
    const path = issue.path.map((part) => escapePointer(String(part)));
    if (issue.code !== 'unrecognized_keys') return [{ pointer: pointerOf(path), detail: issue.message }];
    return unknownMembers(issue.keys, path);
  });
  throw invalidBody(errors);
}

function unknownMembers(names: readonly string[], path: readonly string[]): BodyError[] {
  return names.slice(0, maxErrors).map((name) => ({
    pointer: pointerOf([...path, escapePointer(name.slice(0, 100))]),
    detail: 'There is no such member.',
  }));
}

function invalidBody(errors: readonly BodyError[]): ApiProblem {
  return new ApiProblem('invalid', errors[0]?.detail ?? 'The body is not valid.', errors);
}

function pointerOf(path: readonly string[]): string {
  return path.map((part) => `/${part}`).join('');
}

/** RFC 6901 3 */
function escapePointer(part: string): string {
  return part.replaceAll('~', '~0').replaceAll('/', '~1');
}
