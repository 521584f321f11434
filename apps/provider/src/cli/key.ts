import { keyKinds } from '../keys/key-kinds.js';
import { keyRepresentation } from '../keys/key-representation.js';
import { KeysService } from '../keys/keys.service.js';
import { RotateKeys } from '../keys/operations/rotate-keys.js';
import { table, type Command, type CommandContext } from './command.js';

async function listed(context: CommandContext): Promise<{ json: Record<string, unknown>; text: string }> {
  const keys = await context.app.get(KeysService).list();
  const at = (instant: number | undefined): string =>
    instant === undefined ? '-' : new Date(instant * 1000).toISOString();
  return {
    json: { keys: keys.map(keyRepresentation) },
    text: table(
      ['ALG', 'USE', 'SIGNS FROM', 'LEAVES THE JWKS', 'KID'],
      keys.map((key) => [key.kind, keyKinds[key.kind].use, at(key.signsFrom), at(key.retiredAt), key.kid]),
    ),
  };
}

const list: Command = { name: 'keys list', options: {}, run: listed };

const rotate: Command = {
  name: 'keys rotate',
  options: { now: { type: 'boolean' } },
  run: async (context) => {
    await context.execute(RotateKeys, { atOnce: context.options.has('now') });
    return listed(context);
  },
};

export const keyCommands: readonly Command[] = [list, rotate];
