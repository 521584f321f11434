import { readFileSync } from 'node:fs';
import {
  clientProperties,
  clientPropertyNames,
  maySetClientProperty,
  parseClientProperties,
  type ClientInput,
  type ClientPropertyCodec,
  type ClientPropertyName,
} from '@gatehouse/domain/oauth';
import { clientPropertyForms } from '../clients/client-property-forms.js';
import type { Command, OptionValues } from './command.js';
import { Refused, UsageError } from './usage.js';

/** Properties whose option is not a value of JSON: `--owner` names a user. */
const elsewhere: readonly ClientPropertyName[] = ['ownerId'];

interface PropertyOption {
  /** `redirect-uri`: what comes several times is named once. */
  readonly option: string;
  readonly wire: string;
  readonly codec: ClientPropertyCodec;
}

const propertyOptions: readonly PropertyOption[] = clientPropertyNames
  .filter((name) => maySetClientProperty('administrator', name) && !elsewhere.includes(name))
  .map((name) => {
    const { wire, codec } = clientProperties[name];
    return { option: clientPropertyForms[name].option, wire, codec };
  });

const repeated: readonly ClientPropertyCodec[] = ['list', 'scope', 'exchange_rules'];

function optionsOf({ option, codec }: PropertyOption): readonly (readonly [string, Command['options'][string]])[] {
  if (codec !== 'flag') return [[option, { type: 'string', multiple: repeated.includes(codec) }]];
  return [option, `no-${option}`].map((name) => [name, { type: 'boolean' }] as const);
}

/** An option for every property of a client; a flag has `--no-NAME` too. */
export const clientPropertyOptions: Command['options'] = {
  ...Object.fromEntries(propertyOptions.flatMap(optionsOf)),
  public: { type: 'boolean' },
  'metadata-file': { type: 'string' },
};

const maxBytes = 256 * 1024;

function readJson(path: string): Readonly<Record<string, unknown>> {
  let json: unknown;
  try {
    const bytes = readFileSync(path);
    if (bytes.length > maxBytes) throw new Error(`more than ${maxBytes} bytes`);
    json = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new Refused(`${path} cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new Refused(`${path} holds no JSON object`);
  return { ...json };
}

/**
 * The properties that options and file name. Options go before the file; null in the file takes a property back to its
 * default.
 * @throws UsageError, Refused
 */
export function readClientProperties(options: OptionValues): ClientInput {
  if (options.has('public') && options.one('auth-method') !== undefined)
    throw new UsageError('--public and --auth-method cannot be combined');
  const file = options.one('metadata-file');
  const said: Record<string, unknown> = file === undefined ? {} : { ...readJson(file) };
  for (const each of propertyOptions) {
    const value = valueOf(options, each);
    if (value !== undefined) said[each.wire] = value;
  }
  if (options.has('public')) said['token_endpoint_auth_method'] = 'none';
  const { input, problems } = parseClientProperties(said);
  if (problems.length > 0)
    throw new Refused(problems.map((problem) => `${problem.field}: ${problem.message}`).join(' '));
  return input;
}

function valueOf(options: OptionValues, { option, codec }: PropertyOption): unknown {
  if (codec === 'flag') return choice(options, option);
  if (!options.has(option)) return undefined;
  switch (codec) {
    case 'list':
    case 'exchange_rules':
      return options.all(option).filter((each) => each !== '');
    case 'scope':
      // An option that comes once may hold several scopes, as the parameter does.
      return options.all(option).join(' ');
    case 'number': {
      const text = options.one(option) ?? '';
      if (!/^\d{1,12}$/.test(text)) throw new UsageError(`--${option} is a whole number`);
      return Number(text);
    }
    case 'object':
      return readJson(options.one(option) ?? '');
    case 'text':
      return options.one(option);
  }
}

/** `--NAME` or `--no-NAME`. Undefined: nothing is said. */
function choice(options: OptionValues, name: string): boolean | undefined {
  const [yes, no] = [options.has(name), options.has(`no-${name}`)];
  if (yes && no) throw new UsageError(`--${name} and --no-${name} cannot be combined`);
  return yes || no ? yes : undefined;
}
