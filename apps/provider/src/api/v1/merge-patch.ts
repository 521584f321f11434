import type { JsonObject } from './json.js';

/**
 * Applies a JSON Merge Patch: null removes a member, objects are merged, everything else is replaced.
 * @see RFC 7396 2
 */
export function mergePatch(target: JsonObject, patch: JsonObject): JsonObject {
  // Own members only, regardless of their names.
  const merged = new Map(Object.entries(target));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else if (isObject(value)) {
      const before = merged.get(name);
      merged.set(name, mergePatch(isObject(before) ? before : {}, value));
    } else merged.set(name, value);
  }
  return Object.fromEntries(merged);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
