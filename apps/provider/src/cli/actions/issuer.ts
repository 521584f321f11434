import { ClientsService } from '../../clients/clients.service.js';
import { issuerRepresentation } from '../../trusted-issuers/issuer-representation.js';
import { CreateIssuer } from '../../trusted-issuers/operations/create-issuer.js';
import { DeleteIssuer } from '../../trusted-issuers/operations/delete-issuer.js';
import { TrustedIssuers } from '../../trusted-issuers/trusted-issuers.service.js';
import { ResourcesService } from '../../resources/resources.service.js';
import { table, type ApplicationActions } from '../command.js';
import type { issuerGroup } from '../commands/issuer.js';
import { WrongRecord } from '../errors.js';
import { readJsonFile } from './client-properties.js';

export const issuerActions: ApplicationActions<typeof issuerGroup> = {
  add: async ({ app, execute }, options) => {
    const { issuer, jwksFile: file, client: clients = [], scope = [], resource: resources = [] } = options;
    if (await app.get(TrustedIssuers).find(issuer))
      throw new WrongRecord('exists', `the issuer ${JSON.stringify(issuer)} is trusted already`);
    for (const id of clients)
      if (!(await app.get(ClientsService).find(id))) throw new WrongRecord('not_found', `there is no client ${id}`);
    for (const identifier of resources)
      if (!(await app.get(ResourcesService).find(identifier)))
        throw new WrongRecord('not_found', `there is no API ${JSON.stringify(identifier)}`);
    const created = await execute(CreateIssuer, {
      issuer,
      name: options.name ?? issuer,
      jwksUri: options.jwksUri,
      ...(file === undefined ? {} : { jwks: readJsonFile(file) }),
      subject: options.subject,
      clients,
      scope: scope.flatMap((each) => each.split(' ')),
      resources,
    });
    return { json: issuerRepresentation(created), text: `assertions of ${issuer} are accepted` };
  },

  list: async ({ app }) => {
    const all = await app.get(TrustedIssuers).all();
    return {
      json: { issuers: all.map(issuerRepresentation) },
      text: table(
        ['ISSUER', 'NAME', 'SUBJECT', 'SCOPE', 'CLIENTS'],
        all.map(({ issuer, name, subject, scope, clients }) => [
          issuer,
          name,
          subject,
          scope.join(' '),
          clients.join(' '),
        ]),
      ),
    };
  },

  remove: async ({ app, execute }, { issuer }) => {
    const trusted = await app.get(TrustedIssuers).find(issuer);
    if (!trusted) throw new WrongRecord('not_found', `there is no trusted issuer ${JSON.stringify(issuer)}`);
    await execute(DeleteIssuer, { id: trusted.id });
    return { json: { issuer, removed: true }, text: `assertions of ${issuer} are no longer accepted` };
  },
};
