import { signingAlgorithms } from '@gatehouse/domain/jose';
import { addSeconds } from '@gatehouse/domain/kernel';
import { KeysService, type SigningKey } from '../keys/keys.service.js';
import { table, type Command, type CommandContext } from './command.js';

function describe(key: SigningKey): Record<string, unknown> {
  return {
    kid: key.kid,
    alg: key.algorithm,
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
      ['ALG', 'SIGNS FROM', 'LEAVES THE JWKS', 'KID'],
      keys.map((key) => [key.algorithm, at(key.signsFrom), at(key.retiredAt), key.kid]),
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
    for (const algorithm of signingAlgorithms) {
      const key = await keys.generate(algorithm);
      // Published first, signing later: relying parties that cache the JWKS know the key when they meet it. Where none
      // signs yet (a database that no provider has started on) there is nothing to wait for.
      const signs = present.some((other) => other.algorithm === algorithm && other.signsFrom <= now);
      const signsFrom = signs && !options.has('now') ? addSeconds(now, settings.keyPrepublishSeconds) : now;
      await store.run((unit) => keys.add(unit, key, signsFrom, now));
    }
    return listed(context);
  },
};

export const keyCommands: readonly Command[] = [list, rotate];
