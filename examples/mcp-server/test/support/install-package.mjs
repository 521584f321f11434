// node install-package.mjs FOLDER: packs libs/resource-server and sets up FOLDER as somebody does who is not in this workspace:
// the package installed from its tarball, this example as the application on it, compiled. Works offline: the package's
// dependencies are those of the workspace, in the versions that npm accepts for it.
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { compiler } from '../../../../scripts/lib/build.mjs';
import { capture } from '../../../../scripts/lib/command.mjs';
import { Failure, runMain } from '../../../../scripts/lib/failure.mjs';
import { npmCommand, npmEnvironment } from '../../../../scripts/lib/npm.mjs';
import { root } from '../../../../scripts/lib/root.mjs';

const library = join(root, 'libs/resource-server');
const folder = process.argv[2];
const { dependencies } = JSON.parse(readFileSync(join(library, 'package.json'), 'utf8'));

/** What the application needs beside the library. */
const others = ['express', '@modelcontextprotocol/sdk', '@nestjs/common', '@types/express', '@types/node', 'rxjs'];

await runMain(async () => {
  mkdirSync(join(folder, 'src'), { recursive: true });
  const [tarball] = JSON.parse(await npm('pack', '--json', '--pack-destination', folder, library));
  writeJson('package.json', {
    name: 'application',
    version: '1.0.0',
    private: true,
    type: 'module',
    dependencies: {
      // Links: the registry is not asked for what the workspace has.
      ...Object.fromEntries(Object.keys(dependencies).map((name) => [name, `file:${placeOf(name)}`])),
      '@gatehouse/resource-server': `file:${tarball.filename}`,
    },
  });
  await npm('install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock');
  for (const name of others) {
    const link = join(folder, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(placeOf(name), link, 'junction');
  }

  cpSync(join(root, 'examples/mcp-server/src'), join(folder, 'src'), { recursive: true });
  await compile('tsconfig.json', { skipLibCheck: true, rootDir: 'src', outDir: 'dist' }, 'src');
  // Declarations included: those of the package and of all that they import.
  cpSync(join(root, 'examples/mcp-server/test/support/consumer.ts'), join(folder, 'consumer.ts'));
  await compile('tsconfig.consumer.json', { skipLibCheck: false, noEmit: true }, 'consumer.ts');
});

async function compile(configuration, options, ...include) {
  const common = { target: 'ES2023', module: 'NodeNext', types: ['node'], experimentalDecorators: true };
  const strict = { strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true };
  writeJson(configuration, { compilerOptions: { ...common, ...strict, ...options }, include });
  await run(process.execPath, [compiler, '-p', configuration]);
}

function placeOf(name) {
  return join(root, 'node_modules', name);
}

function writeJson(name, value) {
  writeFileSync(join(folder, name), JSON.stringify(value, null, 2));
}

function npm(...words) {
  const [program, args] = npmCommand();
  return run(program, [...args, ...words]);
}

async function run(program, args) {
  const { status, stdout, stderr } = await capture(program, args, { cwd: folder, env: npmEnvironment() });
  if (status !== 0) throw new Failure(`${args.join(' ')} failed:\n${stderr}${stdout}`);
  return stdout;
}
