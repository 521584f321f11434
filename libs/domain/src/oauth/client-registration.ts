import { isNestedWithin } from '../kernel/index.js';
import type { Client, FieldProblem } from './client.js';
import type { ClientInput } from './client-draft.js';
import {
  clientProperties,
  clientPropertyNames,
  isClientPropertyName,
  type ClientPropertyCodec,
  type ClientPropertyName,
} from './client-properties.js';
import { formatExchangeRule, parseExchangeRules } from './token-exchange.js';

/** The JWK set, its keys, their members and lists in those. */
const maxLevels = 6;

/** The properties of a registration by protocol (RFC 7591 2). */
const protocolNames = clientPropertyNames.filter((name) =>
  ['registration', 'approved_registration'].includes(clientProperties[name].setBy),
);
/** Properties with names specific to this server. */
const ownNames = clientPropertyNames.filter((name) => !protocolNames.includes(name));

/** All properties of a registration at their defaults: an update replaces all of them (RFC 7592 2.2). */
export const blankRegistration: ClientInput = Object.fromEntries(
  protocolNames.filter((name) => clientProperties[name].setBy === 'registration').map((name) => [name, undefined]),
);

const shapes: Readonly<Record<ClientPropertyCodec, string>> = {
  text: 'a text',
  list: 'a list of texts',
  scope: 'a text: scopes with spaces between',
  number: 'a number',
  flag: 'true or false',
  object: 'an object',
  exchange_rules: 'a list of texts',
};

/**
 * Parses client metadata in JSON (RFC 7591 2). Only checks the types; `checkClientMetadata` validates the values. Unknown
 * members are ignored, and null resets a member to its default.
 * @returns the parsed members, and the problems of others by their JSON names
 */
export function parseClientMetadata(json: Readonly<Record<string, unknown>>): ParsedProperties {
  return parseProperties(json, protocolNames);
}

/** The same with the additional names of the API and the command line. */
export function parseClientProperties(json: Readonly<Record<string, unknown>>): ParsedProperties {
  return parseProperties(json, clientPropertyNames);
}

interface ParsedProperties {
  readonly input: ClientInput;
  readonly problems: readonly FieldProblem[];
}

function parseProperties(
  json: Readonly<Record<string, unknown>>,
  names: readonly ClientPropertyName[],
): ParsedProperties {
  const input: Record<string, unknown> = {};
  const problems: FieldProblem[] = [];
  for (const name of names) {
    const { wire, codec } = clientProperties[name];
    if (!Object.hasOwn(json, wire)) continue;
    const value = json[wire] ?? undefined;
    const parsed = value === undefined ? { value } : parseValue(codec, value);
    if ('problem' in parsed) problems.push({ field: wire, message: parsed.problem });
    else input[name] = parsed.value;
  }
  // Each member has the type that the table gives for the property.
  return { input, problems };
}

function parseValue(
  codec: ClientPropertyCodec,
  value: unknown,
): { readonly value: unknown } | { readonly problem: string } {
  if (!isKind(codec, value)) return { problem: `This is ${shapes[codec]}.` };
  if (codec === 'scope' && typeof value === 'string') return { value: value.split(' ').filter((each) => each) };
  if (codec !== 'exchange_rules') return { value };
  // A list of strings by the check above.
  const parsed = parseExchangeRules(value as readonly string[]);
  return 'problem' in parsed ? parsed : { value: parsed.rules };
}

/** Client metadata in JSON; undefined members are omitted. */
export function formatClientMetadata(client: Client): Record<string, unknown> {
  return formatProperties(client, protocolNames);
}

/** The properties that the protocol does not define, in JSON. */
export function formatOwnProperties(client: Client): Record<string, unknown> {
  return formatProperties(client, ownNames);
}

function formatProperties(client: Client, names: readonly ClientPropertyName[]): Record<string, unknown> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const { wire, codec } = clientProperties[name];
      const value = formatValue(codec, client, name);
      return value === undefined ? [] : [[wire, value]];
    }),
  );
}

function formatValue(codec: ClientPropertyCodec, client: Client, name: ClientPropertyName): unknown {
  if (codec === 'exchange_rules') return client.tokenExchange.map(formatExchangeRule);
  const value = client[name];
  return codec === 'scope' && Array.isArray(value) ? value.join(' ') : value;
}

/** The JSON name of a member of a draft: `redirectUris.2` is `redirect_uris`. The type of a client follows from its authentication. */
export function metadataName(field: string): string {
  const [member = ''] = field.split('.');
  const name = member === 'type' ? 'authMethod' : member;
  return isClientPropertyName(name) ? clientProperties[name].wire : member;
}

function isKind(codec: ClientPropertyCodec, value: unknown): boolean {
  switch (codec) {
    case 'text':
    case 'scope':
      return typeof value === 'string';
    case 'list':
    case 'exchange_rules':
      return Array.isArray(value) && value.every((each) => typeof each === 'string');
    case 'number':
      return typeof value === 'number';
    case 'flag':
      return typeof value === 'boolean';
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value) && isNestedWithin(value, maxLevels);
  }
}
