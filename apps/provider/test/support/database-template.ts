import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { openStore } from '@gatehouse/platform/database/open-store';
import { entities, migrations } from '../../src/schema';

const root = join(__dirname, '../../../..');
const cache = join(root, 'node_modules/.cache/gatehouse-test');

/** Names what the schema follows from: a template made by other sources is not used. */
const version = createHash('sha256');
for (const folder of ['apps/provider/src/database', 'libs/platform/src/database'])
  for (const path of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).sort())
    if (path.endsWith('.ts')) version.update(path).update(readFileSync(join(root, folder, path)));

export const templateName = `gatehouse_schema_${version.digest('hex').slice(0, 16)}`;

/** Applies every migration to an empty database, as the first start does. */
export async function migrate(url: string): Promise<void> {
  await (await openStore({ url, entities, migrations, migrate: 'auto' })).close();
}

/** Puts a SQLite database with the current schema at this path. */
export async function copySqliteTemplate(path: string): Promise<void> {
  const template = join(cache, `${templateName}.sqlite`);
  if (!existsSync(template)) await makeSqliteTemplate(template);
  mkdirSync(dirname(path), { recursive: true });
  copyFileSync(template, path);
}

async function makeSqliteTemplate(template: string): Promise<void> {
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'incomplete-'));
  try {
    const path = join(folder, 'provider.sqlite');
    await migrate(`sqlite:${path}`);
    // Another suite may have made it meanwhile: the same content.
    renameSync(path, template);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
