import { readFileSync } from 'node:fs';
import {
  metadataNames,
  parseClientMetadata,
  type ClientDraft,
  type FieldProblem,
  type MetadataKind,
} from '@gatehouse/domain/oauth';
import type { Command, OptionValues } from './command.js';
import { Refused, UsageError } from './usage.js';

const ownNames: Readonly<Record<string, string>> = {
  client_name: 'name',
  token_endpoint_auth_method: 'auth-method',
  jwks: 'jwks-file',
};

/** What the option of a member is called: `redirect_uris` is `--redirect-uri`, once for each. */
function optionName(name: string, kind: MetadataKind): string {
  return ownNames[name] ?? (kind === 'list' ? name.replace(/s$/, '') : name).replaceAll('_', '-');
}

/** An option for every member of the metadata (RFC 7591, OpenID Connect Registration, the logout specifications). */
export const metadataOptions: Command['options'] = {
  ...Object.fromEntries(
    metadataNames.map(({ name, kind }) => [
      optionName(name, kind),
      kind === 'flag'
        ? ({ type: 'boolean' } as const)
        : { type: 'string' as const, multiple: kind === 'list' || kind === 'scope' },
    ]),
  ),
  public: { type: 'boolean' },
  'metadata-file': { type: 'string' },
};

const mostBytes = 256 * 1024;

function readJson(path: string): Readonly<Record<string, unknown>> {
  let json: unknown;
  try {
    const bytes = readFileSync(path);
    if (bytes.length > mostBytes) throw new Error(`more than ${mostBytes} bytes`);
    json = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new Refused(`${path} cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new Refused(`${path} holds no JSON object`);
  return { ...json };
}

/**
 * The metadata that options and file name, as a draft's members. Options go before the file, and both before what was;
 * null in the file takes a member away.
 * @throws UsageError, Refused
 */
export function metadataDraft(
  options: OptionValues,
  before: Readonly<Record<string, unknown>> = {},
): Partial<ClientDraft> {
  if (options.has('public') && options.one('auth-method') !== undefined)
    throw new UsageError('--public and --auth-method cannot be combined');
  const file = options.one('metadata-file');
  const said: Record<string, unknown> = file === undefined ? {} : { ...readJson(file) };
  for (const { name, kind } of metadataNames) {
    const value = valueOf(options, optionName(name, kind), kind);
    if (value !== undefined) said[name] = value;
  }
  if (options.has('public')) said['token_endpoint_auth_method'] = 'none';
  // Response types follow from the grant types where those alone are said.
  const follows = said['grant_types'] !== undefined && said['response_types'] === undefined;
  const { draft, problems } = parseClientMetadata({ ...before, ...(follows ? { response_types: null } : {}), ...said });
  if (problems.length > 0) throw refused(problems);
  return draft;
}

function valueOf(options: OptionValues, option: string, kind: MetadataKind): unknown {
  if (!options.has(option)) return undefined;
  switch (kind) {
    case 'flag':
      return true;
    case 'list':
      return options.all(option);
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

export function refused(problems: readonly FieldProblem[]): Refused {
  return new Refused(problems.map((problem) => `${problem.field}: ${problem.message}`).join(' '));
}
