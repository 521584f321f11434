import type { RecordedField } from '../session/recorded-message.js';

/** Parameters and members whose value is a credential. */
const secretNames: ReadonlySet<string> = new Set([
  'access_token',
  'refresh_token',
  'id_token',
  'id_token_hint',
  'code',
  'code_verifier',
  'client_secret',
  'client_assertion',
  'authorization',
  'cookie',
  'set-cookie',
  'password',
  'device_code',
  'token',
  'assertion',
]);

const maxFields = 40;
const maxCharacters = 400;

/** A field; of a secret only its length. */
export function shownField(name: string, value: unknown): RecordedField {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  if (secretNames.has(name.toLowerCase())) return { name, value: '', hiddenCharacters: text.length };
  return { name, value: text.length > maxCharacters ? `${text.slice(0, maxCharacters)}…` : text };
}

/** Parameters of a URL or a form body. */
export function shownParameters(parameters: URLSearchParams): readonly RecordedField[] {
  return [...parameters].slice(0, maxFields).map(([name, value]) => shownField(name, value));
}

/** Members of a JSON response; other content is not shown, because it is unknown what it contains. */
export function shownMembers(text: string): readonly RecordedField[] {
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.entries(value)
    .slice(0, maxFields)
    .map(([name, member]) => shownField(name, member));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
