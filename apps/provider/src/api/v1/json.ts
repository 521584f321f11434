import { header, type WebRequest } from '@gatehouse/platform/http/request';
import { readBody } from '@gatehouse/platform/http/read-form';
import { demandStillIn } from './call.js';
import { ApiProblem } from './problem.js';

export type JsonObject = Readonly<Record<string, unknown>>;

/** Room for a client with its keys, or for the most invitations at once. */
const maxBodyBytes = 256 * 1024;
/** Deeper than any body of ours; what walks through it later cannot run out of stack. */
const maxLevels = 20;

/**
 * A body: one JSON object.
 * @param types media types that are taken
 * @throws ApiProblem invalid, unsupported-media-type; BodyTooLarge
 */
export async function readJson(
  request: WebRequest,
  types: readonly string[] = ['application/json'],
): Promise<{ readonly json: JsonObject; readonly bytes: Buffer }> {
  // First: whoever looked for a token in a form has read that body, and there is no more to come.
  const mediaType = (header(request, 'content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (!types.includes(mediaType))
    throw new ApiProblem('unsupported-media-type', `The body must be ${types.join(' or ')}.`);
  const bytes = await readBody(request, maxBodyBytes);
  await demandStillIn(request);
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new ApiProblem('invalid', 'The body is no JSON.', [{ pointer: '', detail: 'This is no JSON.' }]);
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new ApiProblem('invalid', 'The body is no JSON object.', [{ pointer: '', detail: 'This is no object.' }]);
  if (!isPlain(json, maxLevels))
    throw new ApiProblem('invalid', 'The body is nested too deeply, or has a NUL in a text.');
  return { json: json as JsonObject, bytes };
}

/** Not too deep, and of texts that every database can hold. */
function isPlain(value: unknown, levels: number): boolean {
  if (typeof value === 'string') return !value.includes('\0');
  if (typeof value !== 'object' || value === null) return true;
  return (
    levels > 0 && Object.entries(value).every(([name, each]) => isPlain(name, levels) && isPlain(each, levels - 1))
  );
}
