import type { INestApplicationContext } from '@nestjs/common';
import type { Client, ClientInput } from '@gatehouse/domain/oauth';
import { UsageError } from '@gatehouse/platform/command-line';
import { ApplicationRoles, applicationRolesProblem } from '../../clients/application-roles.service.js';
import { clientRepresentation } from '../../clients/client-representation.js';
import { ClientStates, type ClientDecision } from '../../clients/client-states.service.js';
import { CreateClient } from '../../clients/operations/create-client.js';
import { DeleteClient } from '../../clients/operations/delete-client.js';
import { RotateClientSecret } from '../../clients/operations/rotate-client-secret.js';
import { SetApplicationRoles } from '../../clients/operations/set-application-roles.js';
import { SetClientState } from '../../clients/operations/set-client-state.js';
import { UpdateClient } from '../../clients/operations/update-client.js';
import { ClientsService } from '../../clients/clients.service.js';
import type { Cursor } from '../../web/cursor.js';
import { revisionOf } from '../../web/revision.js';
import { UsersService } from '../../users/users.service.js';
import {
  allPages,
  propertyTable,
  table,
  type ApplicationActions,
  type CommandContext,
  type CommandOutput,
} from '../command.js';
import type { clientGroup } from '../commands/client.js';
import { WrongRecord } from '../errors.js';
import { readClientProperties } from './client-properties.js';
import { getUser } from './get-user.js';

/** The grant types that response types need, when none is given (RFC 7591 2.1). */
function grantTypesFor(responseTypes: readonly string[] = ['code']): string[] {
  const words = new Set(responseTypes.flatMap((each) => each.split(' ')));
  return [
    ...(words.has('code') ? ['authorization_code'] : []),
    ...(words.has('token') || words.has('id_token') ? ['implicit'] : []),
  ];
}

function clientOutput(client: Client, secret: string | undefined): CommandOutput {
  return {
    json: { ...clientRepresentation(client), ...(secret === undefined ? {} : { client_secret: secret }) },
    text: `client_id      ${client.id}${secret === undefined ? '' : `\nclient_secret  ${secret}   (shown once)`}`,
  };
}

async function getClient(app: INestApplicationContext, id: string): Promise<Client> {
  const client = await app.get(ClientsService).findFresh(id);
  if (!client) throw new WrongRecord('not_found', 'there is no client of this id');
  return client;
}

/** The id of the user whom `--owner` names; empty: nobody. */
async function ownerId(app: INestApplicationContext, owner: string | undefined): Promise<string | undefined> {
  return owner === undefined || owner === '' ? undefined : (await getUser(app, owner)).id;
}

/** `--service-account` implies the grant type. */
function withServiceAccount(given: ClientInput, before: readonly string[] = []): ClientInput {
  const grantTypes = given.grantTypes ?? before;
  return given.serviceAccount === true
    ? { ...given, grantTypes: [...new Set([...grantTypes, 'client_credentials'])] }
    : given;
}

/** RFC 7591 2: the scopes of a client that is registered without any. */
const defaultScope = ['openid', 'profile', 'email'];

/**
 * Without an owner, the grant type makes a service account. An owner knows the secret, and could use what the client may do
 * (RFC 6749 4.4): then only the option does.
 */
function impliedServiceAccount(
  grantTypes: readonly string[],
  owner: string | undefined,
): Pick<ClientInput, 'serviceAccount'> {
  return owner === undefined && grantTypes.includes('client_credentials') ? { serviceAccount: true } : {};
}

/** A change of state; not an error if the client has the state already. */
function decide(decision: Exclude<ClientDecision, 'approve'>, done: string) {
  return async ({ execute }: CommandContext, { id }: { readonly id: string }): Promise<CommandOutput> => {
    const { client, changed } = await execute(SetClientState, { id, decision });
    return {
      json: { ...clientRepresentation(client), changed },
      text: `client ${client.id} is ${done}${changed ? '' : ' already'}`,
    };
  };
}

export const clientActions: ApplicationActions<typeof clientGroup> = {
  add: async ({ app, execute }, options) => {
    const given = withServiceAccount(readClientProperties(options));
    if (given.name === undefined)
      throw new UsageError('the client has no name: give --name, or client_name in --metadata-file');
    const grantTypes = given.grantTypes ?? grantTypesFor(given.responseTypes);
    const owner = await ownerId(app, options.owner);
    const properties: ClientInput = {
      ...impliedServiceAccount(grantTypes, owner),
      ...given,
      scope: given.scope ?? [...defaultScope, ...(grantTypes.includes('refresh_token') ? ['offline_access'] : [])],
      grantTypes,
      ownerId: owner,
    };
    const { client, secret } = await execute(CreateClient, { properties });
    return clientOutput(client, secret);
  },

  update: async ({ app, execute }, options) => {
    const before = await getClient(app, options.id);
    const given = withServiceAccount(readClientProperties(options), before.grantTypes);
    const owner = options.owner === undefined ? before.ownerId : await ownerId(app, options.owner);
    const isAdded = !before.grantTypes.includes('client_credentials');
    const properties: ClientInput = {
      ...(isAdded ? impliedServiceAccount(given.grantTypes ?? [], owner) : {}),
      ...given,
      ownerId: owner,
    };
    const input = { id: before.id, properties, revision: revisionOf(before) };
    const { client, secret } = await execute(UpdateClient, input);
    return clientOutput(client, secret);
  },

  list: async ({ app }, { search, state }) => {
    const clients = await allPages<Client, Cursor>(async (after) => {
      const { clients: items, next } = await app.get(ClientsService).list({ search, state, after, limit: 500 });
      return { items, next };
    });
    return {
      json: { clients: clients.map(clientRepresentation) },
      text: table(
        ['NAME', 'TYPE', 'GRANT TYPES', 'CLIENT_ID'],
        clients.map((client) => [client.name, client.type, client.grantTypes.join(','), client.id]),
      ),
    };
  },

  show: async ({ app }, { id }) => {
    const client = await getClient(app, id);
    const origin = await app.get(ClientStates).origin(client.id);
    const json = {
      ...clientRepresentation(client),
      registered_from: origin?.registeredAddress ?? null,
      registered_with: origin?.registeredWith ?? null,
      created_at: client.createdAt,
      approved_at: origin?.approvedAt ?? null,
      disabled_at: origin?.disabledAt ?? null,
      last_used_at: origin?.lastUsedAt ?? null,
      goes_at: origin?.goesAt ?? null,
    };
    return { json, text: propertyTable(json) };
  },

  // The registrant can change the client at any time: what is printed is exactly what was approved.
  approve: async ({ app, execute, now }, { id }) => {
    const client = await getClient(app, id);
    const input = { id: client.id, decision: 'approve', revision: revisionOf(client) } as const;
    const { changed } = await execute(SetClientState, input);
    const lines = [
      `client ${client.id} is approved${changed ? '' : ' already'}`,
      `name           ${JSON.stringify(client.name)}`,
      ...client.redirectUris.map((uri) => `redirect URI   ${uri}`),
    ];
    return {
      json: { ...clientRepresentation({ ...client, approvedAt: client.approvedAt ?? now }), changed },
      text: lines.join('\n'),
    };
  },

  restrict: decide('restrict', 'restricted'),
  unrestrict: decide('unrestrict', 'not restricted'),
  disable: decide('disable', 'disabled'),
  enable: decide('enable', 'enabled'),

  'rotate-secret': async ({ execute, settings }, { id, overlap }) => {
    const overlapSeconds = overlap ?? settings.secretOverlapLifetimeSeconds;
    const secret = await execute(RotateClientSecret, { id, overlapSeconds });
    return {
      json: { client_id: id, client_secret: secret, old_secret_valid_seconds: overlapSeconds },
      text: `client_secret  ${secret}   (shown once; the old secret stays valid for ${overlapSeconds} s)`,
    };
  },

  roles: async ({ app, execute }, { id, username, role = [], none = false }) => {
    if (username === undefined && (none || role.length > 0))
      throw new UsageError('--username is missing: give the user whose roles to set');
    if (username !== undefined && none === role.length > 0) throw new UsageError('give roles by --role, or --none');
    const client = await getClient(app, id);
    if (username === undefined) return listMembers(app, client);
    const user = await getUser(app, username);
    const problem = applicationRolesProblem(role);
    if (problem !== undefined) throw new UsageError(`--role: ${problem}`);
    await execute(SetApplicationRoles, { clientId: client.id, userId: user.id, roles: role });
    return { json: { username, roles: role }, text: `${username} has the roles: ${role.join(' ') || 'none'}` };
  },

  remove: async ({ execute }, { id }) => {
    await execute(DeleteClient, { id });
    return { json: { client_id: id, removed: true }, text: `client ${id} was removed; its grants ended` };
  },
};

async function listMembers(app: INestApplicationContext, client: Client): Promise<CommandOutput> {
  const { members } = await app.get(ApplicationRoles).members(client.id, { limit: 1000 });
  const names = await app.get(UsersService).names(members.map(({ userId }) => userId));
  const named = members.map((member) => ({ username: names.get(member.userId) ?? '', ...member }));
  return {
    json: { members: named.map(({ userId, ...member }) => ({ ...member, user_id: userId })) },
    text: table(
      ['USERNAME', 'ROLES'],
      named.map((member) => [member.username, member.roles.join(' ')]),
    ),
  };
}
