import { addSeconds } from '@gatehouse/domain/kernel';
import { keyKindNames, keyKinds } from '../keys/key-kinds.js';
import { KeysService, type ServerKey } from '../keys/keys.service.js';
import { table, type Command, type CommandContext } from './command.js';

function describe(key: ServerKey): Record<string, unknown> {
  return {
    kid: key.kid,
    alg: key.kind,
    use: keyKinds[key.kind].use,
    created_at: key.createdAt,
    signs_from: key.signsFrom,
    retired_at: key.retiredAt ?? null,
  };
}

async function listed(context: CommandContext): Promise<{ json: Record<string, unknown>; text: string }> {
  const keys = await context.app.get(KeysService).list();
  const at = (instant: number | undefined): string =>
    instant === undefined ? '-' : new Date(instant * 1000).toISOString();
  return {
    json: { keys: keys.map(describe) },
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
    const { app, store, settings, now, options } = context;
    const keys = app.get(KeysService);
    const present = await keys.published(now);
    const made = await keys.generate(keyKindNames);
    await store.run(async (unit) => {
      for (const key of made) {
        // Published first, signing later: relying parties that cache the JWKS know the key when they meet it. Where none
        // signs yet (a database that no provider has started on) there is nothing to wait for.
        const signs = present.some((other) => other.kind === key.kind && other.signsFrom <= now);
        const signsFrom = signs && !options.has('now') ? addSeconds(now, settings.keyPrepublishSeconds) : now;
        await keys.add(unit, key, signsFrom, now);
      }
    });
    return listed(context);
  },
};

export const keyCommands: readonly Command[] = [list, rotate];
