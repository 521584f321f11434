import { readFileSync } from 'node:fs';
import {
  formatClientMetadata,
  parseClientMetadata,
  type Client,
  type ClientDraft,
  type FieldProblem,
} from '@gatehouse/domain/oauth';
import { ClientsService } from '../clients/clients.service.js';
import { UsersService } from '../users/users.service.js';
import { table, type Command, type OptionValues } from './command.js';
import { Refused, UsageError, WrongRecord } from './usage.js';

const text = { type: 'string' } as const;
const many = { type: 'string', multiple: true } as const;
const flag = { type: 'boolean' } as const;

function describe(client: Client): Record<string, unknown> {
  return {
    client_id: client.id,
    ...formatClientMetadata(client),
    require_pkce: client.pkceRequired,
    require_consent: client.consentRequired,
    require_second_factor: client.secondFactorRequired,
  };
}

const mostMetadataBytes = 256 * 1024;

function readJson(path: string): object {
  let json: unknown;
  try {
    const bytes = readFileSync(path);
    if (bytes.length > mostMetadataBytes) throw new Error(`more than ${mostMetadataBytes} bytes`);
    json = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new Refused(`${path} cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new Refused(`${path} holds no JSON object`);
  return json;
}

/** What response types need where no grant type is named (RFC 7591 2.1). */
function grantTypesFor(responseTypes: readonly string[] | undefined): string[] {
  const words = new Set((responseTypes ?? ['code']).flatMap((each) => each.split(' ')));
  return [
    ...(words.has('code') ? ['authorization_code'] : []),
    ...(words.has('token') || words.has('id_token') ? ['implicit'] : []),
  ];
}

/** Client metadata in JSON, named as RFC 7591 names them. */
function readMetadata(path: string | undefined): Partial<ClientDraft> {
  if (path === undefined) return {};
  const { draft, problems } = parseClientMetadata({ ...readJson(path) });
  if (problems.length > 0) throw refused(problems);
  return draft;
}

function refused(problems: readonly FieldProblem[]): Refused {
  return new Refused(problems.map((problem) => `${problem.field}: ${problem.message}`).join(' '));
}

function idOf(options: OptionValues): string {
  const id = options.one('id');
  if (id === undefined) throw new UsageError('--id is missing');
  return id;
}

/** RFC 7591 2: what is not said. */
const defaultScope = ['openid', 'profile', 'email'];

const add: Command = {
  name: 'client add',
  options: {
    name: text,
    'redirect-uri': many,
    'post-logout-redirect-uri': many,
    'grant-type': many,
    'response-type': many,
    scope: many,
    'default-scope': many,
    'auth-method': text,
    public: flag,
    'application-type': text,
    'id-token-signed-response-alg': text,
    'jwks-file': text,
    'metadata-file': text,
    owner: text,
    'no-pkce': flag,
    'no-consent': flag,
    'second-factor': flag,
  },
  run: async ({ app, store, options, now }) => {
    const file = readMetadata(options.one('metadata-file'));
    const name = options.one('name') ?? file.name;
    if (name === undefined) throw new UsageError('--name is missing');
    if (options.has('public') && options.one('auth-method') !== undefined)
      throw new UsageError('--public and --auth-method exclude each other');
    const authMethod = options.has('public')
      ? 'none'
      : (options.one('auth-method') ?? file.authMethod ?? 'client_secret_basic');
    const said = (option: string): readonly string[] | undefined => {
      const values = options.all(option);
      return values.length > 0 ? values : undefined;
    };
    const responseTypes = said('response-type') ?? file.responseTypes;
    const grantTypes = said('grant-type') ?? file.grantTypes ?? grantTypesFor(responseTypes);
    // An option that comes once may hold several scopes, as the parameter does.
    const split = (values: readonly string[]): string[] =>
      values.flatMap((value) => value.split(' ')).filter((value) => value !== '');
    const scope = split(options.all('scope'));
    const defaults = split(options.all('default-scope'));
    const ownerName = options.one('owner');
    const owner = ownerName === undefined ? undefined : await app.get(UsersService).findByUsername(ownerName);
    if (ownerName !== undefined && !owner)
      throw new WrongRecord('not_found', `there is no user ${JSON.stringify(ownerName)}`);
    const keysFile = options.one('jwks-file');
    const made = await store.run((unit) =>
      app.get(ClientsService).create(
        unit,
        {
          ...file,
          ...(keysFile === undefined ? {} : { jwks: readJson(keysFile) }),
          name,
          type: authMethod === 'none' ? 'public' : 'confidential',
          applicationType: options.one('application-type') ?? file.applicationType,
          authMethod,
          redirectUris: said('redirect-uri') ?? file.redirectUris ?? [],
          postLogoutRedirectUris: said('post-logout-redirect-uri') ?? file.postLogoutRedirectUris ?? [],
          grantTypes,
          responseTypes,
          scope:
            scope.length > 0
              ? scope
              : (file.scope ?? [...defaultScope, ...(grantTypes.includes('refresh_token') ? ['offline_access'] : [])]),
          defaultScope: defaults.length > 0 ? defaults : undefined,
          idTokenSignedResponseAlg: options.one('id-token-signed-response-alg') ?? file.idTokenSignedResponseAlg,
          pkceRequired: !options.has('no-pkce'),
          consentRequired: !options.has('no-consent'),
          // Whoever has the command line is an administrator.
          actsForItself: true,
          secondFactorRequired: options.has('second-factor'),
          ownerId: owner?.id,
        },
        {},
        now,
      ),
    );
    if ('problems' in made) throw refused(made.problems);
    const { client, secret } = made;
    return {
      json: { ...describe(client), ...(secret === undefined ? {} : { client_secret: secret }) },
      text: `client_id      ${client.id}${secret === undefined ? '' : `\nclient_secret  ${secret}   (shown once)`}`,
    };
  },
};

const list: Command = {
  name: 'client list',
  options: { search: text },
  run: async ({ app, options }) => {
    const found: Client[] = [];
    for (let after: { name: string; id: string } | undefined; ;) {
      const page = await app.get(ClientsService).list({ search: options.one('search'), after, limit: 500 });
      found.push(...page.clients);
      const last = page.clients.at(-1);
      after = last && { name: last.name, id: last.id };
      if (!page.more) break;
    }
    return {
      json: { clients: found.map(describe) },
      text: table(
        ['NAME', 'TYPE', 'GRANT TYPES', 'CLIENT_ID'],
        found.map((client) => [client.name, client.type, client.grantTypes.join(','), client.id]),
      ),
    };
  },
};

const rotateSecret: Command = {
  name: 'client rotate-secret',
  options: { id: text, overlap: text },
  run: async ({ app, store, settings, options, now }) => {
    const id = idOf(options);
    const overlap = options.one('overlap') ?? String(settings.secretOverlapLifetimeSeconds);
    if (!/^\d{1,8}$/.test(overlap)) throw new UsageError('--overlap is a number of seconds');
    const secret = await store.run((unit) => app.get(ClientsService).rotateSecret(unit, id, Number(overlap), {}, now));
    if (secret === undefined) throw new WrongRecord('not_found', 'there is no client of this id that has a secret');
    return {
      json: { client_id: id, client_secret: secret, old_secret_valid_seconds: Number(overlap) },
      text: `client_secret  ${secret}   (shown once; the old one is valid for ${overlap} s more)`,
    };
  },
};

const remove: Command = {
  name: 'client remove',
  options: { id: text },
  run: async ({ app, store, options, now }) => {
    const id = idOf(options);
    if (!(await store.run((unit) => app.get(ClientsService).remove(unit, id, {}, now))))
      throw new WrongRecord('not_found', 'there is no client of this id');
    return { json: { client_id: id, removed: true }, text: `client ${id} is removed; its grants ended` };
  },
};

export const clientCommands: readonly Command[] = [add, list, rotateSecret, remove];
