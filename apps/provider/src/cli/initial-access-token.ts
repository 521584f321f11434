import { CreateInitialAccessToken } from '../clients/registration/operations/create-initial-access-token.js';
import { DeleteInitialAccessToken } from '../clients/registration/operations/delete-initial-access-token.js';
import { InitialAccessTokens, type InitialAccessToken } from '../clients/registration/initial-access-tokens.service.js';
import { table, type Command } from './command.js';
import { UsageError } from './usage.js';

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;

function number(value: string | undefined, name: string): number | undefined {
  if (value === undefined) return undefined;
  if (!/^[1-9]\d{0,8}$/.test(value)) throw new UsageError(`--${name} is a whole number, at least 1`);
  return Number(value);
}

function describe(token: InitialAccessToken): Record<string, unknown> {
  return {
    id: token.id,
    name: token.name,
    uses: token.uses,
    max_uses: token.maxUses ?? null,
    approves: token.approves,
    created_at: token.createdAt,
    expires_at: token.expiresAt ?? null,
    last_used_at: token.lastUsedAt ?? null,
  };
}

const add: Command = {
  name: 'registration-token add',
  options: { name: text, uses: text, lifetime: text, approve: flag },
  run: async ({ execute, options }) => {
    const name = options.one('name') ?? '';
    if (name.length > 200) throw new UsageError('--name has at most 200 characters');
    const maxUses = number(options.one('uses'), 'uses');
    const lifetimeSeconds = number(options.one('lifetime'), 'lifetime');
    const approves = options.has('approve');
    const made = await execute(CreateInitialAccessToken, { name, maxUses, lifetimeSeconds, approves });
    return {
      json: {
        id: made.id,
        initial_access_token: made.token,
        max_uses: maxUses ?? null,
        approves,
        expires_at: made.expiresAt ?? null,
      },
      text: `id                    ${made.id}\ninitial_access_token  ${made.token}   (shown once)`,
    };
  },
};

const list: Command = {
  name: 'registration-token list',
  options: {},
  run: async ({ app }) => {
    const tokens = await app.get(InitialAccessTokens).list();
    const at = (instant: number | undefined): string =>
      instant === undefined ? '-' : new Date(instant * 1000).toISOString();
    return {
      json: { tokens: tokens.map(describe) },
      text: table(
        ['NAME', 'USES', 'APPROVES', 'EXPIRES', 'LAST USED', 'ID'],
        tokens.map((token) => [
          token.name,
          `${token.uses}${token.maxUses === undefined ? '' : `/${token.maxUses}`}`,
          token.approves ? 'yes' : 'no',
          at(token.expiresAt),
          at(token.lastUsedAt),
          token.id,
        ]),
      ),
    };
  },
};

const remove: Command = {
  name: 'registration-token remove',
  options: { id: text },
  run: async ({ execute, options }) => {
    const id = options.one('id');
    if (id === undefined) throw new UsageError('--id is missing');
    await execute(DeleteInitialAccessToken, { id });
    return { json: { id, removed: true }, text: `initial access token ${id} is removed; clients stay` };
  },
};

/** Initial access tokens (RFC 7591 1.2): who holds one may register clients. */
export const registrationCommands: readonly Command[] = [add, list, remove];
