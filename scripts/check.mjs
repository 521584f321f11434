// `npm run check`: checks a change within three minutes: types, lint and formatting of the changed files, the import table, all
// unit tests, and the HTTP specs of the changed modules. CI runs everything.
//   npm run check [-- --since REVISION]     compares with REVISION; by default with the merge base with main
import './lib/node-version.mjs';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { compiler } from './lib/build.mjs';
import { changedFiles, httpSpecsOf } from './lib/changes.mjs';
import { capture, runInherited } from './lib/command.mjs';
import { runMain } from './lib/failure.mjs';
import { runJest } from './lib/jest-run.mjs';
import { root } from './lib/root.mjs';
import { Tally } from './lib/tally.mjs';
import { prepareBuild } from './prepare.mjs';

const projects = {
  domain: 'libs/domain',
  platform: 'libs/platform',
  'resource-server': 'libs/resource-server',
  provider: 'apps/provider',
  client: 'apps/client',
};

const since = process.argv[2] === '--since' ? process.argv[3] : undefined;

await runMain(async () => {
  const tally = new Tally();
  const files = await changedFiles(since);
  console.log(files.length === 0 ? 'Nothing changed.' : `${files.length} files changed.`);
  await prepareBuild();
  await checkTypes(tally, files);
  await checkFiles(tally, files);

  const env = { ...process.env, NODE_ENV: 'test', GATEHOUSE_TEST_QUICK: '1' };
  await runJest(tally, {
    projects: Object.keys(projects),
    args: ['--testPathPatterns', String.raw`/src/.*\.spec\.ts$`],
    env,
    label: 'Unit tests',
    skipped: 'allow',
  });
  const specs = httpSpecsOf(files);
  if (specs.length > 0)
    await runJest(tally, {
      projects: ['platform', 'provider', 'client'],
      args: ['--runTestsByPath', ...specs.map((spec) => join(root, spec))],
      env,
      label: 'HTTP specs of changed modules',
      skipped: 'allow',
    });
  tally.report();
});

/** Checks the types of the specs; the build has checked all other files. */
async function checkTypes(tally, files) {
  const changed = Object.values(projects).filter((folder) => files.some((file) => file.startsWith(`${folder}/`)));
  for (const path of changed
    .map((folder) => `${folder}/tsconfig.spec.json`)
    .filter((each) => existsSync(join(root, each)))) {
    const { status, stdout } = await capture(process.execPath, [compiler, '-p', path, '--noEmit']);
    if (status === 0) tally.pass();
    else {
      console.error(stdout.trimEnd());
      tally.fail(`types: npx tsc -p ${path}`);
    }
  }
}

async function checkFiles(tally, files) {
  const existing = files.filter((file) => existsSync(join(root, file)));
  const code = existing.filter((file) => /\.(ts|mjs|cjs)$/.test(file));
  const programs = [
    ['eslint', 'node_modules/eslint/bin/eslint.js', ['--max-warnings', '0', ...code], code],
    ['prettier', 'node_modules/prettier/bin/prettier.cjs', ['--check', '--ignore-unknown', ...existing], existing],
    ['imports', 'scripts/check-imports.mjs', [], code],
  ];
  for (const [name, program, args, subjects] of programs) {
    if (subjects.length === 0) continue;
    const status = await runInherited(process.execPath, [join(root, program), ...args]);
    if (status === 0) tally.pass();
    else tally.fail(`${name} (npm run lint, npm run format)`);
  }
}
