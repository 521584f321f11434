import { CreateInitialAccessToken } from '../../clients/registration/operations/create-initial-access-token.js';
import { DeleteInitialAccessToken } from '../../clients/registration/operations/delete-initial-access-token.js';
import {
  InitialAccessTokens,
  type InitialAccessToken,
} from '../../clients/registration/initial-access-tokens.service.js';
import { isoTime, table, type ApplicationActions } from '../command.js';
import type { registrationTokenGroup } from '../commands/registration-token.js';

function representation(token: InitialAccessToken): Record<string, unknown> {
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

export const registrationTokenActions: ApplicationActions<typeof registrationTokenGroup> = {
  add: async ({ execute }, { name = '', uses: maxUses, lifetime: lifetimeSeconds, approve: approves = false }) => {
    const { id, token, expiresAt } = await execute(CreateInitialAccessToken, {
      name,
      maxUses,
      lifetimeSeconds,
      approves,
    });
    return {
      json: {
        id,
        initial_access_token: token,
        max_uses: maxUses ?? null,
        approves,
        expires_at: expiresAt ?? null,
      },
      text: `id                    ${id}\ninitial_access_token  ${token}   (shown once)`,
    };
  },

  list: async ({ app }) => {
    const tokens = await app.get(InitialAccessTokens).list();
    return {
      json: { tokens: tokens.map(representation) },
      text: table(
        ['NAME', 'USES', 'APPROVES', 'EXPIRES', 'LAST USED', 'ID'],
        tokens.map((token) => [
          token.name,
          `${token.uses}${token.maxUses === undefined ? '' : `/${token.maxUses}`}`,
          token.approves ? 'yes' : 'no',
          isoTime(token.expiresAt),
          isoTime(token.lastUsedAt),
          token.id,
        ]),
      ),
    };
  },

  remove: async ({ execute }, { id }) => {
    await execute(DeleteInitialAccessToken, { id });
    return { json: { id, removed: true }, text: `initial access token ${id} was removed; its clients stay` };
  },
};
