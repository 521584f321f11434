import type { Client } from '@gatehouse/domain/oauth';
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
    client_name: client.name,
    redirect_uris: client.redirectUris,
    post_logout_redirect_uris: client.postLogoutRedirectUris,
    grant_types: client.grantTypes,
    response_types: client.responseTypes,
    scope: client.scope.join(' '),
    token_endpoint_auth_method: client.authMethod,
    id_token_signed_response_alg: client.idTokenSignedResponseAlg,
    require_pkce: client.pkceRequired,
    require_consent: client.consentRequired,
  };
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
    owner: text,
    'no-pkce': flag,
    'no-consent': flag,
  },
  run: async ({ app, store, options, now }) => {
    const name = options.one('name');
    if (name === undefined) throw new UsageError('--name is missing');
    if (options.has('public') && options.one('auth-method') !== undefined)
      throw new UsageError('--public and --auth-method exclude each other');
    const authMethod = options.has('public') ? 'none' : (options.one('auth-method') ?? 'client_secret_basic');
    const grantTypes = options.all('grant-type');
    // An option that comes once may hold several scopes, as the parameter does.
    const split = (values: readonly string[]): string[] =>
      values.flatMap((value) => value.split(' ')).filter((value) => value !== '');
    const scope = split(options.all('scope'));
    const defaults = split(options.all('default-scope'));
    const ownerName = options.one('owner');
    const owner = ownerName === undefined ? undefined : await app.get(UsersService).findByUsername(ownerName);
    if (ownerName !== undefined && !owner)
      throw new WrongRecord('not_found', `there is no user ${JSON.stringify(ownerName)}`);
    const responseTypes = options.all('response-type');
    const made = await store.run((unit) =>
      app.get(ClientsService).create(
        unit,
        {
          name,
          type: authMethod === 'none' ? 'public' : 'confidential',
          applicationType: options.one('application-type'),
          authMethod,
          redirectUris: options.all('redirect-uri'),
          postLogoutRedirectUris: options.all('post-logout-redirect-uri'),
          grantTypes: grantTypes.length > 0 ? grantTypes : ['authorization_code'],
          responseTypes: responseTypes.length > 0 ? responseTypes : undefined,
          scope:
            scope.length > 0
              ? scope
              : [...defaultScope, ...(grantTypes.includes('refresh_token') ? ['offline_access'] : [])],
          defaultScope: defaults.length > 0 ? defaults : undefined,
          idTokenSignedResponseAlg: options.one('id-token-signed-response-alg'),
          pkceRequired: !options.has('no-pkce'),
          consentRequired: !options.has('no-consent'),
          ownerId: owner?.id,
        },
        {},
        now,
      ),
    );
    if ('problems' in made)
      throw new Refused(made.problems.map((problem) => `${problem.field}: ${problem.message}`).join(' '));
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
    if (secret === undefined) throw new WrongRecord('not_found', 'there is no confidential client of this id');
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
