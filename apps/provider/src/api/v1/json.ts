import { header, type WebRequest } from '@gatehouse/platform/http/request';
import { readBody } from '@gatehouse/platform/http/read-form';
import { recheckAccess } from './call.js';
import { ApiProblem } from './problem.js';

export type JsonObject = Readonly<Record<string, unknown>>;

/** Enough for a client with its keys, or for the maximum number of invitations. */
const defaultMaxBytes = 256 * 1024;
/** More than any valid body has; bounds the recursion of later processing. */
const maxLevels = 20;

export interface JsonOptions {
  /** The accepted media types. */
  readonly types?: readonly string[];
  readonly maxBytes?: number | undefined;
}

/**
 * Reads a body that is one JSON object.
 * @throws ApiProblem invalid, unsupported-media-type; BodyTooLarge
 */
export async function readJson(
  request: WebRequest,
  { types = ['application/json'], maxBytes = defaultMaxBytes }: JsonOptions = {},
): Promise<{ readonly json: JsonObject; readonly bytes: Buffer }> {
  // Checked first: the search for a token in a form body has already consumed such a body.
  const mediaType = (header(request, 'content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (!types.includes(mediaType))
    throw new ApiProblem('unsupported-media-type', `The body must be ${types.join(' or ')}.`);
  const bytes = await readBody(request, maxBytes);
  await recheckAccess(request);
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new ApiProblem('invalid', 'The body is not valid JSON.', [
      { pointer: '', detail: 'This is not valid JSON.' },
    ]);
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new ApiProblem('invalid', 'The body is not a JSON object.', [
      { pointer: '', detail: 'This is not an object.' },
    ]);
  if (!isPlain(json, maxLevels))
    throw new ApiProblem('invalid', 'The body is nested too deeply, or contains a NUL character.');
  return { json: json as JsonObject, bytes };
}

/** True if it is not nested too deeply, and every database can store its strings. */
function isPlain(value: unknown, levels: number): boolean {
  if (typeof value === 'string') return !value.includes('\0');
  if (typeof value !== 'object' || value === null) return true;
  return (
    levels > 0 && Object.entries(value).every(([name, each]) => isPlain(name, levels) && isPlain(each, levels - 1))
  );
}
