import { CreateResourceWithCredentials } from '../clients/operations/create-resource-with-credentials.js';
import { CreateResource } from '../resources/operations/create-resource.js';
import { DeleteResource } from '../resources/operations/delete-resource.js';
import { resourceRepresentation } from '../resources/resource-representation.js';
import { ResourcesService } from '../resources/resources.service.js';
import { table, type Command } from './command.js';
import { UsageError, WrongRecord } from './usage.js';

const text = { type: 'string' } as const;
const many = { type: 'string', multiple: true } as const;
const flag = { type: 'boolean' } as const;

/** `read` or `read=Read your documents`; a list in one option is split, as the parameter's would be. */
function scopeOf(option: string): readonly { readonly name: string; readonly sentence: string }[] {
  const at = option.indexOf('=');
  if (at > 0) return [{ name: option.slice(0, at), sentence: option.slice(at + 1) }];
  return option
    .split(' ')
    .filter((name) => name !== '')
    .map((name) => ({ name, sentence: '' }));
}

const add: Command = {
  name: 'resource add',
  options: {
    identifier: text,
    name: text,
    scope: many,
    'token-format': text,
    'signing-alg': text,
    lifetime: text,
    allow: text,
    credentials: flag,
  },
  run: async ({ app, execute, options }) => {
    const identifier = options.one('identifier');
    if (identifier === undefined) throw new UsageError('--identifier is missing');
    const lifetime = options.one('lifetime');
    if (lifetime !== undefined && !/^\d{1,9}$/.test(lifetime))
      throw new UsageError('--lifetime is a number of seconds');
    const resources = app.get(ResourcesService);
    if (await resources.find(identifier))
      throw new WrongRecord('exists', `there is a resource ${JSON.stringify(identifier)} already`);
    const draft = {
      identifier,
      name: options.one('name') ?? identifier,
      scopes: options.all('scope').flatMap(scopeOf),
      tokenFormat: options.one('token-format'),
      signingAlgorithm: options.one('signing-alg'),
      accessTokenLifetimeSeconds: lifetime === undefined ? undefined : Number(lifetime),
      access: options.one('allow'),
    };
    const { resource, credentials } = options.has('credentials')
      ? await execute(CreateResourceWithCredentials, draft)
      : { resource: await execute(CreateResource, draft), credentials: undefined };
    return {
      json: {
        ...resourceRepresentation(resource),
        ...(credentials && { client_id: credentials.client.id, client_secret: credentials.secret }),
      },
      text: [
        `resource       ${resource.identifier}`,
        ...(credentials
          ? [`client_id      ${credentials.client.id}`, `client_secret  ${credentials.secret}   (shown once)`]
          : []),
      ].join('\n'),
    };
  },
};

const list: Command = {
  name: 'resource list',
  options: {},
  run: async ({ app }) => {
    const all = await app.get(ResourcesService).all();
    return {
      json: { resources: all.map(resourceRepresentation) },
      text: table(
        ['NAME', 'IDENTIFIER', 'TOKEN', 'ALLOW', 'SCOPES'],
        all.map((resource) => [
          resource.name,
          resource.identifier,
          resource.tokenFormat,
          resource.access,
          resource.scopes.map(({ name }) => name).join(' '),
        ]),
      ),
    };
  },
};

const remove: Command = {
  name: 'resource remove',
  options: { identifier: text },
  run: async ({ app, execute, options }) => {
    const identifier = options.one('identifier');
    if (identifier === undefined) throw new UsageError('--identifier is missing');
    const resource = await app.get(ResourcesService).find(identifier);
    if (!resource) throw new WrongRecord('not_found', `there is no resource ${JSON.stringify(identifier)}`);
    await execute(DeleteResource, { id: resource.id });
    return { json: { identifier, removed: true }, text: `resource ${identifier} is removed` };
  },
};

export const resourceCommands: readonly Command[] = [add, list, remove];
