// node install-package.mjs FOLDER: packs libs/resource-server and sets up FOLDER like an application outside this workspace:
// installs the package from its tarball, and compiles this example with it. Works offline: the dependencies of the package are
// linked from the workspace, in versions that npm accepts.
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

/** The application's other dependencies. */
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
      // Links to the workspace, so that npm does not contact the registry.
      ...Object.fromEntries(Object.keys(dependencies).map((name) => [name, `file:${workspacePathOf(name)}`])),
      '@gatehouse/resource-server': `file:${tarball.filename}`,
    },
  });
  await npm('install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock');
  for (const name of others) {
    const link = join(folder, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(workspacePathOf(name), link, 'junction');
  }

  cpSync(join(root, 'examples/mcp-server/src'), join(folder, 'src'), { recursive: true });
  await compile('tsconfig.json', { skipLibCheck: true, rootDir: 'src', outDir: 'dist' }, 'src');
  // Also checks the declarations of the package and of everything that they import.
  cpSync(join(root, 'examples/mcp-server/test/support/consumer.ts'), join(folder, 'consumer.ts'));
  await compile('tsconfig.consumer.json', { skipLibCheck: false, noEmit: true }, 'consumer.ts');
});

async function compile(configuration, options, ...include) {
  const common = { target: 'ES2023', module: 'NodeNext', types: ['node'], experimentalDecorators: true };
  const strict = { strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true };
  writeJson(configuration, { compilerOptions: { ...common, ...strict, ...options }, include });
  await run(process.execPath, [compiler, '-p', configuration]);
}

function workspacePathOf(name) {
  return join(root, 'node_modules', name);
}

function writeJson(name, value) {
  writeFileSync(join(folder, name), JSON.stringify(value, null, 2));
}

function npm(...npmArguments) {
  const [program, args] = npmCommand();
  return run(program, [...args, ...npmArguments]);
}

async function run(program, args) {
  const { status, stdout, stderr } = await capture(program, args, { cwd: folder, env: npmEnvironment() });
  if (status !== 0) throw new Failure(`${args.join(' ')} failed:\n${stderr}${stdout}`);
  return stdout;
}
