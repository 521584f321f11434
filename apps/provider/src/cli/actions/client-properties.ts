import { readFileSync } from 'node:fs';
import { parseClientProperties, type ClientInput } from '@gatehouse/domain/oauth';
import { clientPropertyOptions, type ClientPropertyOption } from '../commands/client-property-options.js';
import { Refused } from '../errors.js';

type Options = Readonly<Record<string, unknown>>;

const maxBytes = 256 * 1024;

/**
 * Reads a file that holds a JSON object.
 * @throws Refused
 */
export function readJsonFile(path: string): Readonly<Record<string, unknown>> {
  let json: unknown;
  try {
    const bytes = readFileSync(path);
    if (bytes.length > maxBytes) throw new Error(`it has more than ${maxBytes} bytes`);
    json = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new Refused(`${path} cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new Refused(`${path} does not hold a JSON object`);
  return { ...json };
}

/**
 * The properties that the options and `--metadata-file` name. Options take precedence; null in the file resets a property to
 * its default.
 * @throws Refused
 */
export function readClientProperties(options: Options): ClientInput {
  const file = options['metadataFile'];
  const given: Record<string, unknown> = typeof file === 'string' ? { ...readJsonFile(file) } : {};
  for (const property of clientPropertyOptions) {
    const value = options[property.member];
    if (value !== undefined) given[property.wire] = jsonValueOf(property, value);
  }
  if (options['public'] === true) given['token_endpoint_auth_method'] = 'none';
  const { input, problems } = parseClientProperties(given);
  if (problems.length > 0)
    throw new Refused(problems.map((problem) => `${problem.field}: ${problem.message}`).join(' '));
  return input;
}

function jsonValueOf({ codec }: ClientPropertyOption, value: unknown): unknown {
  const values = Array.isArray(value) ? value : [value];
  switch (codec) {
    case 'list':
    case 'exchange_rules':
      return values.filter((each) => each !== '');
    case 'scope':
      // An option may hold several scopes, as the parameter does.
      return values.join(' ');
    case 'object':
      return readJsonFile(String(value));
    default:
      return value;
  }
}
