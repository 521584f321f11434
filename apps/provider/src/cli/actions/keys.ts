import { keyKinds } from '../../keys/key-kinds.js';
import { keyRepresentation } from '../../keys/key-representation.js';
import { KeysService } from '../../keys/keys.service.js';
import { RotateKeys } from '../../keys/operations/rotate-keys.js';
import { isoTime, table, type ApplicationActions, type CommandContext, type CommandOutput } from '../command.js';
import type { keysGroup } from '../commands/keys.js';

async function listKeys({ app }: CommandContext): Promise<CommandOutput> {
  const keys = await app.get(KeysService).list();
  return {
    json: { keys: keys.map(keyRepresentation) },
    text: table(
      ['ALG', 'USE', 'SIGNS FROM', 'LEAVES THE JWKS', 'KID'],
      keys.map((key) => [key.kind, keyKinds[key.kind].use, isoTime(key.signsFrom), isoTime(key.retiredAt), key.kid]),
    ),
  };
}

export const keysActions: ApplicationActions<typeof keysGroup> = {
  list: listKeys,

  rotate: async (context, { now = false }) => {
    await context.execute(RotateKeys, { atOnce: now });
    return listKeys(context);
  },
};
