import { createPrivateKey, randomBytes, type KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { keyKinds } from '../../src/keys/key-kinds';

const folder = join(__dirname, '../../../../node_modules/.cache/gatehouse-test');

/** How many keys are kept; a suite that needs more generates them. */
const kept = 64;
let taken = 0;

/**
 * Lets the provider of a spec take its RSA keys from those that were generated for previous suites: two of 2048 bits take longer
 * than the rest of its start. No key is used twice in a suite.
 */
export function reuseRsaKeys(): void {
  for (const kind of [keyKinds.RS256, keyKinds['RSA-OAEP']]) {
    const { generate } = kind;
    Object.assign(kind, { generate: () => nextKey(generate) });
  }
}

type Generate = () => Promise<{ readonly privateKey: KeyObject }>;

async function nextKey(generate: Generate): ReturnType<Generate> {
  const number = taken++;
  if (number >= kept) return generate();
  const path = join(folder, `rsa-2048-${number}.pem`);
  if (existsSync(path)) return { privateKey: createPrivateKey(readFileSync(path)) };
  const { privateKey } = await generate();
  mkdirSync(folder, { recursive: true });
  const incomplete = `${path}.${randomBytes(6).toString('hex')}`;
  writeFileSync(incomplete, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
  renameSync(incomplete, path);
  return { privateKey };
}
