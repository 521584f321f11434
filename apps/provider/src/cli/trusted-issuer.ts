import { readFileSync } from 'node:fs';
import { ClientsService } from '../clients/clients.service.js';
import { issuerRepresentation } from '../trusted-issuers/issuer-representation.js';
import { CreateIssuer } from '../trusted-issuers/operations/create-issuer.js';
import { DeleteIssuer } from '../trusted-issuers/operations/delete-issuer.js';
import { TrustedIssuers } from '../trusted-issuers/trusted-issuers.service.js';
import { ResourcesService } from '../resources/resources.service.js';
import { table, type Command } from './command.js';
import { Refused, UsageError, WrongRecord } from './usage.js';

const text = { type: 'string' } as const;
const many = { type: 'string', multiple: true } as const;
const maxBytes = 100_000;

function readKeys(path: string): Readonly<Record<string, unknown>> {
  try {
    const bytes = readFileSync(path);
    if (bytes.length > maxBytes) throw new Error(`more than ${maxBytes} bytes`);
    const json: unknown = JSON.parse(bytes.toString('utf8'));
    if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new Error('no JSON object');
    return json as Record<string, unknown>;
  } catch (error) {
    throw new Refused(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const add: Command = {
  name: 'issuer add',
  options: {
    issuer: text,
    name: text,
    'jwks-uri': text,
    'jwks-file': text,
    subject: text,
    client: many,
    scope: many,
    resource: many,
  },
  run: async ({ app, execute, options }) => {
    const issuer = options.one('issuer');
    if (issuer === undefined) throw new UsageError('--issuer is missing');
    const issuers = app.get(TrustedIssuers);
    if (await issuers.find(issuer)) throw new WrongRecord('exists', `the issuer ${issuer} is here already`);
    for (const id of options.all('client'))
      if (!(await app.get(ClientsService).find(id))) throw new WrongRecord('not_found', `there is no client ${id}`);
    for (const identifier of options.all('resource'))
      if (!(await app.get(ResourcesService).find(identifier)))
        throw new WrongRecord('not_found', `there is no API ${JSON.stringify(identifier)}`);
    const file = options.one('jwks-file');
    const made = await execute(CreateIssuer, {
      issuer,
      name: options.one('name') ?? issuer,
      jwksUri: options.one('jwks-uri'),
      ...(file === undefined ? {} : { jwks: readKeys(file) }),
      subject: options.one('subject') ?? 'email',
      clients: options.all('client'),
      scope: options.all('scope').flatMap((each) => each.split(' ')),
      resources: options.all('resource'),
    });
    return { json: issuerRepresentation(made), text: `assertions of ${issuer} are taken` };
  },
};

const list: Command = {
  name: 'issuer list',
  options: {},
  run: async ({ app }) => {
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
};

const remove: Command = {
  name: 'issuer remove',
  options: { issuer: text },
  run: async ({ app, execute, options }) => {
    const issuer = options.one('issuer');
    if (issuer === undefined) throw new UsageError('--issuer is missing');
    const issuers = app.get(TrustedIssuers);
    const trusted = await issuers.find(issuer);
    if (!trusted) throw new WrongRecord('not_found', `there is no issuer ${JSON.stringify(issuer)}`);
    await execute(DeleteIssuer, { id: trusted.id });
    return { json: { issuer, removed: true }, text: `assertions of ${issuer} are taken no more` };
  },
};

export const issuerCommands: readonly Command[] = [add, list, remove];
