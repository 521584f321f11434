// `node scripts/make-upgrade-fixture.mjs`: builds the previous release from the Git history, runs it on both databases, fills
// them over HTTP and with its command line, and saves them in apps/provider/test/fixtures/previous-release for
// upgrade.store-spec.ts. Run it after a release, with the commit of the release in lib/previous-release.mjs. Requires pg_dump.
import './lib/node-version.mjs';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import Database from 'better-sqlite3';
import { Provider } from '../apps/e2e/chaos/lib/provider.mjs';
import { sqliteIn, temporaryFolder } from '../apps/e2e/chaos/lib/folder.mjs';
import { capture } from './lib/command.mjs';
import { Failure, runMain } from './lib/failure.mjs';
import { startPostgres, systemPostgres } from './lib/postgres.mjs';
import { buildPreviousRelease, previousRelease } from './lib/previous-release.mjs';
import { loadContent } from './lib/release-content.mjs';
import { root } from './lib/root.mjs';

const issuer = 'https://op.test';
const target = join(root, 'apps/provider/test/fixtures/previous-release');

await runMain(async () => {
  const { populate } = await loadContent();
  const release = await buildPreviousRelease(temporaryFolder());
  const secretKey = randomBytes(32).toString('base64url');

  const fill = async (environment) => {
    const provider = await Provider.at(
      { ...environment, GATEHOUSE_ISSUER: issuer, GATEHOUSE_SECRET_KEY: secretKey },
      release,
    );
    const site = { base: provider.base, issuer, now: () => Math.floor(Date.now() / 1000) };
    const content = await populate(site, (words, stdin) => provider.command(words, stdin));
    await provider.stop();
    return content;
  };

  const folder = temporaryFolder();
  const sqlite = await fill(sqliteIn(folder));
  saveSqlite(join(folder, 'provider.sqlite'));
  const server = await startPostgres({ native: systemPostgres() });
  const postgres = await fill({ GATEHOUSE_DATABASE_URL: server.url, GATEHOUSE_DATA_DIR: temporaryFolder() });
  await savePostgres(server);
  await server.stop();
  const takenAt = Math.floor(Date.now() / 1000);
  const fixture = { release: previousRelease, issuer, secretKey, takenAt, sqlite, postgres };
  writeFileSync(join(target, 'held.json'), `${JSON.stringify(fixture, undefined, 2)}\n`);
});

function saveSqlite(path) {
  const copy = `${path}.compact`;
  const database = new Database(path);
  database.exec(`VACUUM INTO '${copy}'`);
  database.close();
  save('provider.sqlite.gz', readFileSync(copy));
}

/** Dumps statements that any connection can run, because the tests' embedded server has no psql. */
async function savePostgres({ native, url }) {
  const dump = await capture(join(native, 'bin/pg_dump'), ['--inserts', '--no-owner', '--no-privileges', url]);
  if (dump.status !== 0) throw new Failure(`pg_dump failed: ${dump.stderr.trim()}`);
  // Newer versions of pg_dump add psql meta-commands.
  const statements = dump.stdout.replace(/^\\(un)?restrict .*$/gm, '');
  save('provider.sql.gz', Buffer.from(statements));
}

function save(name, content) {
  const compressed = gzipSync(content, { level: 9 });
  writeFileSync(join(target, name), compressed);
  console.log(`${name}: ${Math.ceil(compressed.length / 1000)} kB`);
}
