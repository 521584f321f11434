import { CreateResourceWithCredentials } from '../../clients/operations/create-resource-with-credentials.js';
import { CreateResource } from '../../resources/operations/create-resource.js';
import { DeleteResource } from '../../resources/operations/delete-resource.js';
import { resourceRepresentation } from '../../resources/resource-representation.js';
import { ResourcesService } from '../../resources/resources.service.js';
import { table, type ApplicationActions } from '../command.js';
import type { resourceGroup } from '../commands/resource.js';
import { WrongRecord } from '../errors.js';

/** `read`, `read=Read your documents`, or several names separated by spaces, as in the parameter. */
function scopesOf(value: string): readonly { readonly name: string; readonly sentence: string }[] {
  const at = value.indexOf('=');
  if (at > 0) return [{ name: value.slice(0, at), sentence: value.slice(at + 1) }];
  return value
    .split(' ')
    .filter((name) => name !== '')
    .map((name) => ({ name, sentence: '' }));
}

export const resourceActions: ApplicationActions<typeof resourceGroup> = {
  add: async ({ app, execute }, options) => {
    const { identifier } = options;
    if (await app.get(ResourcesService).find(identifier))
      throw new WrongRecord('exists', `the API ${JSON.stringify(identifier)} exists already`);
    const draft = {
      identifier,
      name: options.name ?? identifier,
      scopes: (options.scope ?? []).flatMap(scopesOf),
      tokenFormat: options.tokenFormat,
      signingAlgorithm: options.signingAlg,
      accessTokenLifetimeSeconds: options.lifetime,
      access: options.allow,
    };
    const { resource, credentials } = options.credentials
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

  list: async ({ app }) => {
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

  remove: async ({ app, execute }, { identifier }) => {
    const resource = await app.get(ResourcesService).find(identifier);
    if (!resource) throw new WrongRecord('not_found', `there is no API ${JSON.stringify(identifier)}`);
    await execute(DeleteResource, { id: resource.id });
    return { json: { identifier, removed: true }, text: `the API ${identifier} was removed` };
  },
};
