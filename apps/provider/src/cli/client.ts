import type { INestApplicationContext } from '@nestjs/common';
import type { Client, ClientInput } from '@gatehouse/domain/oauth';
import { ApplicationRoles, applicationRolesProblem } from '../clients/application-roles.service.js';
import { clientRepresentation } from '../clients/client-representation.js';
import { ClientStates, type ClientDecision } from '../clients/client-states.service.js';
import { CreateClient } from '../clients/operations/create-client.js';
import { DeleteClient } from '../clients/operations/delete-client.js';
import { maxOverlapSeconds, RotateClientSecret } from '../clients/operations/rotate-client-secret.js';
import { SetApplicationRoles } from '../clients/operations/set-application-roles.js';
import { SetClientState } from '../clients/operations/set-client-state.js';
import { UpdateClient } from '../clients/operations/update-client.js';
import { clientStates } from '../clients/client-sort-orders.js';
import { ClientsService } from '../clients/clients.service.js';
import type { Cursor } from '../web/cursor.js';
import { revisionOf } from '../web/revision.js';
import { UsersService } from '../users/users.service.js';
import { clientPropertyOptions, readClientProperties } from './client-property-options.js';
import { table, type Command, type CommandResult, type OptionValues } from './command.js';
import { UsageError, WrongRecord } from './usage.js';

const text = { type: 'string' } as const;
const many = { type: 'string', multiple: true } as const;
const flag = { type: 'boolean' } as const;

/** What response types need where no grant type is named (RFC 7591 2.1). */
function grantTypesFor(responseTypes: readonly string[] | undefined): string[] {
  const words = new Set((responseTypes ?? ['code']).flatMap((each) => each.split(' ')));
  return [
    ...(words.has('code') ? ['authorization_code'] : []),
    ...(words.has('token') || words.has('id_token') ? ['implicit'] : []),
  ];
}

function shown(client: Client, secret: string | undefined): CommandResult {
  return {
    json: { ...clientRepresentation(client), ...(secret === undefined ? {} : { client_secret: secret }) },
    text: `client_id      ${client.id}${secret === undefined ? '' : `\nclient_secret  ${secret}   (shown once)`}`,
  };
}

function noClient(): WrongRecord {
  return new WrongRecord('not_found', 'there is no client of this id');
}

async function clientOf(app: INestApplicationContext, id: string): Promise<Client> {
  const client = await app.get(ClientsService).findFresh(id);
  if (!client) throw noClient();
  return client;
}

/** The id of the user that `--owner` names; an empty one is nobody. */
async function ownerOf(app: INestApplicationContext, options: OptionValues): Promise<string | undefined> {
  const name = options.one('owner');
  if (name === undefined || name === '') return undefined;
  const owner = await app.get(UsersService).findByUsername(name);
  if (!owner) throw new WrongRecord('not_found', `there is no user ${JSON.stringify(name)}`);
  return owner.id;
}

function idOf(options: OptionValues): string {
  const id = options.one('id');
  if (id === undefined) throw new UsageError('--id is missing');
  return id;
}

/** `--service-account` names the grant type too. */
function withServiceAccount(said: ClientInput, before: readonly string[] | undefined): ClientInput {
  const grantTypes = said.grantTypes ?? before;
  return said.serviceAccount === true
    ? { ...said, grantTypes: [...new Set([...(grantTypes ?? []), 'client_credentials'])] }
    : said;
}

/** RFC 7591 2: what is not said. */
const defaultScope = ['openid', 'profile', 'email'];

/** RFC 6749 4.4: an owner has the secret, and would get by it what the client may have. */
function serviceAccount(
  grantTypes: readonly string[],
  ownerId: string | undefined,
): Pick<ClientInput, 'serviceAccount'> {
  return ownerId === undefined && grantTypes.includes('client_credentials') ? { serviceAccount: true } : {};
}

const add: Command = {
  name: 'client add',
  options: { ...clientPropertyOptions, owner: text },
  run: async ({ app, execute, options }) => {
    const said = withServiceAccount(readClientProperties(options), undefined);
    if (said.name === undefined) throw new UsageError('--name is missing');
    const grantTypes = said.grantTypes ?? grantTypesFor(said.responseTypes);
    const ownerId = await ownerOf(app, options);
    const properties: ClientInput = {
      ...serviceAccount(grantTypes, ownerId),
      ...said,
      scope: said.scope ?? [...defaultScope, ...(grantTypes.includes('refresh_token') ? ['offline_access'] : [])],
      grantTypes,
      ownerId,
    };
    const { client, secret } = await execute(CreateClient, { properties });
    return shown(client, secret);
  },
};

const update: Command = {
  name: 'client update',
  options: { ...clientPropertyOptions, id: text, owner: text },
  run: async ({ app, execute, options }) => {
    const before = await clientOf(app, idOf(options));
    const said = withServiceAccount(readClientProperties(options), before.grantTypes);
    const ownerId = options.has('owner') ? await ownerOf(app, options) : before.ownerId;
    const isAdded = !before.grantTypes.includes('client_credentials');
    const properties: ClientInput = {
      ...(isAdded ? serviceAccount(said.grantTypes ?? [], ownerId) : {}),
      ...said,
      ownerId,
    };
    const input = { id: before.id, properties, revision: revisionOf(before) };
    const { client, secret } = await execute(UpdateClient, input);
    return shown(client, secret);
  },
};

const show: Command = {
  name: 'client show',
  options: { id: text },
  run: async ({ app, options }) => {
    const client = await clientOf(app, idOf(options));
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
    return {
      json,
      text: table(
        ['WHAT', 'VALUE'],
        Object.entries(json).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
      ),
    };
  },
};

/** A command that decides about a client; done already is done. */
function decision(name: Exclude<ClientDecision, 'approve'>, done: string): Command {
  return {
    name: `client ${name}`,
    options: { id: text },
    run: async ({ execute, options }) => {
      const { client, changed } = await execute(SetClientState, { id: idOf(options), decision: name });
      return {
        json: { ...clientRepresentation(client), changed },
        text: `client ${client.id} is ${done}${changed ? '' : ' already'}`,
      };
    },
  };
}

/** What is printed is what was approved: whoever registered the client can change it at any time. */
const approve: Command = {
  name: 'client approve',
  options: { id: text },
  run: async ({ app, execute, options, now }) => {
    const client = await clientOf(app, idOf(options));
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
};
const restrict = decision('restrict', 'restricted');
const unrestrict = decision('unrestrict', 'no longer restricted');
const disable = decision('disable', 'switched off');
const enable = decision('enable', 'switched on');

const roles: Command = {
  name: 'client roles',
  options: { id: text, username: text, role: many, none: flag },
  run: async ({ app, execute, options }) => {
    const client = await clientOf(app, idOf(options));
    const service = app.get(ApplicationRoles);
    const username = options.one('username');
    if (username === undefined) {
      const { members } = await service.members(client.id, { limit: 1000 });
      const names = await app.get(UsersService).names(members.map(({ userId }) => userId));
      const shownMembers = members.map((member) => ({ username: names.get(member.userId) ?? '', ...member }));
      return {
        json: { members: shownMembers.map(({ userId, ...member }) => ({ ...member, user_id: userId })) },
        text: table(
          ['USERNAME', 'ROLES'],
          shownMembers.map((member) => [member.username, member.roles.join(' ')]),
        ),
      };
    }
    const user = await app.get(UsersService).findByUsername(username);
    if (!user) throw new WrongRecord('not_found', `there is no user ${JSON.stringify(username)}`);
    const wanted = options.all('role');
    if (wanted.length > 0 === options.has('none')) throw new UsageError('name roles by --role, or say --none');
    const problem = applicationRolesProblem(wanted);
    if (problem !== undefined) throw new UsageError(`--role: ${problem}`);
    await execute(SetApplicationRoles, { clientId: client.id, userId: user.id, roles: wanted });
    return { json: { username, roles: wanted }, text: `${username} has the roles: ${wanted.join(' ') || 'none'}` };
  },
};

const list: Command = {
  name: 'client list',
  options: { search: text, state: text },
  run: async ({ app, options }) => {
    const state = clientStates.find((each) => each === options.one('state'));
    if (options.has('state') && state === undefined)
      throw new UsageError(`--state is one of ${clientStates.join(', ')}`);
    const found: Client[] = [];
    let after: Cursor | undefined;
    do {
      const page = await app.get(ClientsService).list({ search: options.one('search'), state, after, limit: 500 });
      found.push(...page.clients);
      after = page.next;
    } while (after !== undefined);
    return {
      json: { clients: found.map(clientRepresentation) },
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
  run: async ({ execute, settings, options }) => {
    const id = idOf(options);
    const asked = options.one('overlap');
    if (asked !== undefined && (!/^\d{1,8}$/.test(asked) || Number(asked) > maxOverlapSeconds))
      throw new UsageError(`--overlap is a number of seconds, ${maxOverlapSeconds} at most`);
    const overlapSeconds = asked === undefined ? settings.secretOverlapLifetimeSeconds : Number(asked);
    const secret = await execute(RotateClientSecret, { id, overlapSeconds });
    return {
      json: { client_id: id, client_secret: secret, old_secret_valid_seconds: overlapSeconds },
      text: `client_secret  ${secret}   (shown once; the old one is valid for ${overlapSeconds} s more)`,
    };
  },
};

const remove: Command = {
  name: 'client remove',
  options: { id: text },
  run: async ({ execute, options }) => {
    const id = idOf(options);
    await execute(DeleteClient, { id });
    return { json: { client_id: id, removed: true }, text: `client ${id} is removed; its grants ended` };
  },
};

export const clientCommands: readonly Command[] = [
  add,
  list,
  show,
  update,
  approve,
  restrict,
  unrestrict,
  disable,
  enable,
  rotateSecret,
  roles,
  remove,
];
